import { isObject } from "../../../environment/json-object";
import { at } from "./finding";

/** A JSON object. */
export type Code = Readonly<Record<string, unknown>>;

/** A block of Terraform's JSON syntax. */
export interface Block {
  /** `["aws_instance", "web"]` of a resource. */
  readonly labels: readonly string[];
  readonly body: Code;
  /** Path to it, as findings have it. */
  readonly where: string;
}

/** Bytes of one stack's code. Skyline's largest is a hundredth of that. */
export const MOST_CODE_BYTES = 8 * 1024 * 1024;
/** Objects and arrays within each other. Terraform's deepest resources have a third of that. */
const MOST_DEPTH = 60;

/**
 * The one way of writing code as JSON. Terraform reads JSON differently than others in places where this leaves no choice:
 * of two equal keys it takes both, where JavaScript takes the last.
 */
export const canonical = (code: unknown): string => JSON.stringify(code, undefined, 2);

/** @returns the code, or in words why nothing can be said of it */
export function parseCode(text: string): Code | string {
  if (Buffer.byteLength(text) > MOST_CODE_BYTES) {
    return `has ${Buffer.byteLength(text)} bytes, and a stack has at most ${MOST_CODE_BYTES}; split it`;
  }
  let code: unknown;
  try {
    code = JSON.parse(text);
  } catch {
    return "is no JSON; a stack is the cdk.tf.json that synth writes, and no HCL";
  }
  if (!isObject(code)) {
    return "is no JSON object, as synth writes it";
  }
  if (isTooDeep(code)) {
    return `has more than ${MOST_DEPTH} levels`;
  }
  if (canonical(code) !== text) {
    return "is not written as skyline atlantis publish writes it: a key may be there twice, or hidden by escapes";
  }
  return code;
}

/** Whether JSON has more levels than code can have. Level by level: it may have more than a recursion can take. */
export function isTooDeep(code: unknown): boolean {
  let depth = 0;
  for (let level = [code]; level.length > 0 && depth <= MOST_DEPTH; depth++) {
    level = level.flatMap((value) =>
      typeof value === "object" && value !== null ? Object.values(value) : [],
    );
  }
  return depth > MOST_DEPTH;
}

/**
 * Blocks below a key. Terraform takes one object or an array of them at each level: of labels, and of bodies.
 *
 * @param labels number of labels that such a block has
 * @param malformed told the place of what is no block
 */
export function blocksBelow(
  value: unknown,
  labels: number,
  where: string,
  malformed: (where: string) => void = () => undefined,
): Block[] {
  if (Array.isArray(value)) {
    return value.flatMap((each: unknown, index) =>
      isObject(each)
        ? blocksBelow(each, labels, value.length === 1 ? where : at(where, index), malformed)
        : (malformed(at(where, index)), []),
    );
  }
  if (!isObject(value)) {
    malformed(where);
    return [];
  }
  if (labels === 0) {
    return [{ labels: [], body: value, where }];
  }
  return Object.entries(value).flatMap(([label, below]) =>
    blocksBelow(below, labels - 1, at(where, label), malformed).map((block) => ({
      ...block,
      labels: [label, ...block.labels],
    })),
  );
}

/** A key or a string of the code. */
export interface Text {
  readonly kind: "key" | "value";
  readonly text: string;
  /** Path to it; of a key, to what it is the key of. */
  readonly where: string;
  /** Key that a value stands under; of values in an array, the array's. */
  readonly key: string;
}

/** Every key and every string below a value. */
export function* textsOf(value: unknown, where: string, key = ""): Generator<Text> {
  if (typeof value === "string") {
    yield { kind: "value", text: value, where, key };
  } else if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) {
      yield* textsOf(each, at(where, index), key);
    }
  } else if (isObject(value)) {
    for (const [name, each] of Object.entries(value)) {
      yield { kind: "key", text: name, where: at(where, name), key: name };
      yield* textsOf(each, at(where, name), name);
    }
  }
}
