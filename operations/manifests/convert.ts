import { isObject } from "../../environment/json-object";
import { kubernetesName, type Field, type Fields } from "./shape";

/** A value in a manifest. */
export type Value = string | number | boolean | readonly Value[] | ValueMap;
export type ValueMap = { readonly [key: string]: Value };

/** Something in Terraform's code that no manifest can say. */
export interface Problem {
  /** Terraform's way to it, from the resource on: `spec.template.spec.container[0].image`. */
  readonly path: string;
  readonly message: string;
}

/** Converts one resource, and collects all that cannot be converted. */
export class Converter {
  readonly problems: Problem[] = [];

  /** The fields of a block; `path` is empty for the resource itself. */
  fields(code: unknown, fields: Fields, path = ""): ValueMap {
    if (!isObject(code)) {
      this.refuse(path, code, "a block");
      return {};
    }
    const converted: [string, Value][] = [];
    for (const [name, value] of Object.entries(code)) {
      const at = path === "" ? name : `${path}.${name}`;
      const field = fields[name];
      // cdktf writes its remarks under //, and null is Terraform's word for what is not set.
      if (name === "//" || value === null) {
        continue;
      }
      if (field === undefined) {
        this.problems.push({ path: at, message: "is a field that skyline manifests does not know" });
        continue;
      }
      const result = this.value(value, field, at);
      if (result !== undefined) {
        converted.push([kubernetesName(name, field), result]);
      }
    }
    return Object.fromEntries(converted);
  }

  private value(value: unknown, field: Field, path: string): Value | undefined {
    switch (field.type) {
      case "text":
        return this.text(value, path);
      case "texts":
        return this.list(value, path, (item, at) => this.text(item, at));
      case "boolean":
        return typeof value === "boolean" ? value : this.refuse(path, value, "true or false");
      case "integer":
        return this.integer(value, path);
      case "integers":
        return this.list(value, path, (item, at) => this.integer(item, at));
      case "integer-or-text":
        return isWhole(value) ? Number(value) : this.text(value, path);
      case "octal":
        return typeof value === "string" && /^[0-7]{3,4}$/.test(value)
          ? parseInt(value, 8)
          : this.refuse(path, value, 'a mode in octal, such as "0444"');
      case "map":
        return this.map(value, path);
      case "block":
        // Terraform takes a list of one for a single block, and the provider's own types demand it at times.
        return Array.isArray(value) && value.length < 2
          ? value.map((only) => this.fields(only, field.fields, `${path}[0]`))[0]
          : this.fields(value, field.fields, path);
      case "blocks":
        return this.list(value, path, (item, at) => this.fields(item, field.fields, at));
      case "dropped":
        return undefined;
    }
  }

  private list(
    value: unknown,
    path: string,
    convert: (item: unknown, at: string) => Value | undefined,
  ): Value | undefined {
    return Array.isArray(value)
      ? value.flatMap((item, index) => convert(item, `${path}[${index}]`) ?? [])
      : this.refuse(path, value, "a list");
  }

  private map(value: unknown, path: string): Value | undefined {
    if (!isObject(value)) {
      return this.refuse(path, value, "a map");
    }
    const entries = Object.entries(value).map(([key, item]) => {
      const at = `${path}[${JSON.stringify(key)}]`;
      return [this.text(key, at), this.text(item, at)] as const;
    });
    return Object.fromEntries(entries) as ValueMap;
  }

  private integer(value: unknown, path: string): number | undefined {
    return isWhole(value) ? Number(value) : this.refuse(path, value, "a whole number");
  }

  /**
   * A string as Terraform reads it: every string of its JSON is a template, in which `$${` and `%%{` stand for `${` and
   * `%{`. What else a template holds is known to Terraform alone, after an apply.
   */
  private text(value: unknown, path: string): string | undefined {
    if (typeof value !== "string") {
      return this.refuse(path, value, "a string");
    }
    const reference = /(?<!\$)\$\{[^}]*\}?|(?<!%)%\{[^}]*\}?/.exec(value);
    if (reference !== null) {
      this.problems.push({ path, message: `holds ${reference[0]}, which only Terraform can resolve` });
    }
    return value.replace(/([$%])\1\{/g, "$1{");
  }

  private refuse(path: string, value: unknown, wanted: string): undefined {
    const json = JSON.stringify(value) ?? "nothing";
    const shown = json.length > 60 ? `${json.slice(0, 60)}…` : json;
    this.problems.push({ path, message: `is ${shown}, not ${wanted}` });
    return undefined;
  }
}

/** Terraform's types for numbers are at times strings: 5043 and "5043" are the same. */
const isWhole = (value: unknown) =>
  typeof value === "string" ? /^-?\d+$/.test(value) : Number.isInteger(value);
