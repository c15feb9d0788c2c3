import type { Trust, TrustedEnvironment } from "../trust";
import type { Block, Code } from "./document";

/** What a stack's code must not hold, at one place of it. */
export interface Finding {
  /** Name of the rule, like `provisioners`: stays the same when the words change. */
  readonly rule: string;
  readonly stack: string;
  /** Path into the code, like `resource.aws_instance.web.provisioner`; empty for the code as a whole. Printable ASCII. */
  readonly where: string;
  /** What is wrong and what would be right, one line of printable ASCII. */
  readonly message: string;
}

/** A finding as a rule tells it. */
export type Problem = Pick<Finding, "where" | "message">;

/** What every rule gets. */
export interface Subject {
  readonly stack: string;
  /** Environment of the stack, by its name and the trust file: the code has no say in it. */
  readonly environment: string;
  readonly trusted: TrustedEnvironment;
  readonly trust: Trust;
  /** The code as a JSON object. */
  readonly code: Code;
  /** Blocks of a section; those of a wrong shape are left out, and told of by the rule `sections`. */
  blocks(section: string): readonly Block[];
}

export type Rule = (subject: Subject) => Iterable<Problem>;

/** Characters of hostile text that a message shows. */
const SHOWN = 80;

/**
 * Text of anybody's choice, in quotes: short, in printable ASCII so that it cannot pretend to be something else, and with
 * no backtick, as Atlantis puts what a hook prints between fences of them.
 */
export function quoted(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
  const short = text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
  return JSON.stringify(short.replaceAll("`", "'")).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A path into the code; keys that are no plain names stand in brackets. */
export const at = (path: string, key: string | number): string =>
  typeof key === "string" && /^[A-Za-z_][-\w]{0,127}$/.test(key)
    ? path === ""
      ? key
      : `${path}.${key}`
    : `${path}[${typeof key === "number" ? key : quoted(key)}]`;

/** A finding for people: `stack where: message`. */
export const showFinding = ({ stack, where, message }: Finding): string =>
  `${[stack, where].filter((part) => part !== "").join(" ")}: ${message}`;
