import { isObject } from "../../environment/json-object";
import { OperationFailure } from "../failure";
import { childOf, isAbsent } from "./masked";

/** Longest plan that is read, in characters: one of 2,000 changes has some 30 million. */
const MAX_LENGTH = 256 * 1024 * 1024;

/** Deepest nesting of values. Terraform's own schemas stay below twenty. */
const MAX_DEPTH = 100;

export type Fields = Readonly<Record<string, unknown>>;

/** Takes a document apart, and says of what has not the shape of a plan where that is; never what stands there. */
export class PlanJson {
  constructor(private readonly name: string) {}

  parse(text: string): Fields {
    if (text.length > MAX_LENGTH) {
      throw this.failure(`is longer than ${MAX_LENGTH / 1024 / 1024} MiB`);
    }
    let plan: unknown;
    try {
      plan = JSON.parse(text);
    } catch {
      // What the parser says quotes the text, which may be a secret's.
      throw this.failure("is no JSON");
    }
    return this.fields(plan, "it");
  }

  fields(value: unknown, what: string): Fields {
    if (!isObject(value)) {
      throw this.failure(`has another shape: ${what} is no object`);
    }
    return value;
  }

  list(of: unknown, key: string): readonly unknown[] {
    const value = childOf(of, key) ?? [];
    if (!Array.isArray(value)) {
      throw this.failure(`has another shape: ${key} is no list`);
    }
    return value;
  }

  text(of: unknown, key: string, where: string): string {
    const value = childOf(of, key);
    if (typeof value !== "string" || value === "") {
      throw this.failure(`has another shape: ${where} has no ${key}`);
    }
    return value;
  }

  optionalText(of: unknown, key: string, where: string): string | null {
    return isAbsent(childOf(of, key)) ? null : this.text(of, key, where);
  }

  /** Whoever walks through values later does so with a function that calls itself. */
  checkDepth(value: unknown, where: string, depth = 0): void {
    if (typeof value === "object" && value !== null) {
      if (depth > MAX_DEPTH) {
        throw this.failure(`nests values of ${where} more than ${MAX_DEPTH} deep`);
      }
      for (const inner of Object.values(value)) this.checkDepth(inner, where, depth + 1);
    }
  }

  failure(what: string): OperationFailure {
    return new OperationFailure(
      "invalid",
      `${this.name}: the plan ${what}`,
      "make it with `terraform show -json PLANFILE`",
    );
  }
}
