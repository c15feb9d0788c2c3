import { kubernetesName, type Field, type Fields } from "../../operations/manifests/shape";
import type { KubernetesCluster } from "./kubernetes";

/** A schema of Kubernetes' OpenAPI, as much of it as says what a field holds. */
interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly "x-kubernetes-group-version-kind"?: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
}

/** The schemas of one API version, `apps/v1` or `v1`, as an API server publishes them. */
export class OpenApi {
  static async of(cluster: KubernetesCluster, apiVersion: string): Promise<OpenApi> {
    const path = `/openapi/v3/${apiVersion.includes("/") ? "apis" : "api"}/${apiVersion}`;
    const { stdout, stderr, code } = await cluster.kubectl(["get", "--raw", path]);
    if (code !== 0) throw new Error(stderr);
    const { components } = JSON.parse(stdout) as { components: { schemas: Record<string, Schema> } };
    return new OpenApi(apiVersion, components.schemas);
  }

  private constructor(
    private readonly apiVersion: string,
    private readonly schemas: Readonly<Record<string, Schema>>,
  ) {}

  /** Fields of a conversion that Kubernetes does not have, or has in another form. */
  differences(kind: string, fields: Fields): string[] {
    return this.compare(fields, this.kind(kind), kind);
  }

  private compare(fields: Fields, schema: Schema, path: string): string[] {
    return Object.entries(fields).flatMap(([name, field]) => {
      const at = `${path}.${kubernetesName(name, field)}`;
      if (field.type === "dropped") return [];
      const found = schema.properties?.[kubernetesName(name, field)];
      if (found === undefined) return [`${at} is unknown to Kubernetes`];
      const value = this.resolve(found);
      const item = this.resolve(value.items ?? {});
      if (!holds[field.type](value, item)) {
        return [`${at} is ${JSON.stringify(value).slice(0, 100)}, not ${field.type}`];
      }
      if (field.type === "block") return this.compare(field.fields, value, at);
      return field.type === "blocks" ? this.compare(field.fields, item, at) : [];
    });
  }

  private kind(name: string): Schema {
    const [version = "", group = ""] = this.apiVersion.split("/").reverse();
    const found = Object.values(this.schemas).find((schema) =>
      schema["x-kubernetes-group-version-kind"]?.some(
        (of) => of.group === group && of.version === version && of.kind === name,
      ),
    );
    if (found === undefined) throw new Error(`${this.apiVersion} has no ${name}`);
    return found;
  }

  /** What a schema refers to, or the schema itself. */
  private resolve(schema: Schema): Schema {
    const [only, ...more] = schema.allOf ?? [];
    if (only !== undefined && more.length === 0) return this.resolve(only);
    const name = schema.$ref?.replace("#/components/schemas/", "");
    if (name === undefined) return schema;
    const found = this.schemas[name];
    if (found === undefined) throw new Error(`${this.apiVersion} has no schema ${name}`);
    return this.resolve(found);
  }
}

// A quantity is a string or a number.
const isText = ({ type, format, oneOf = [] }: Schema) =>
  format !== "int-or-string" && (type === "string" || oneOf.some((one) => one.type === "string"));
const isInteger = ({ type }: Schema) => type === "integer";
const isList = ({ type }: Schema) => type === "array";
const isObject = ({ type, properties, additionalProperties }: Schema) =>
  type === "object" && additionalProperties === undefined && properties !== undefined;

/** Whether Kubernetes' schema, and that of its items, is of a type of the conversion. */
const holds: Readonly<Record<Field["type"], (value: Schema, item: Schema) => boolean>> = {
  text: isText,
  boolean: ({ type }) => type === "boolean",
  integer: isInteger,
  octal: isInteger,
  "integer-or-text": ({ format }) => format === "int-or-string",
  texts: (value, item) => isList(value) && isText(item),
  integers: (value, item) => isList(value) && isInteger(item),
  map: ({ type, properties, additionalProperties }) =>
    type === "object" && properties === undefined && additionalProperties !== undefined,
  block: isObject,
  blocks: (value, item) => isList(value) && isObject(item),
  dropped: () => true,
};
