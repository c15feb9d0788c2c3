import { z } from "zod";
import { parseCidr } from "./cidr";

/**
 * Small makers of zod schemas whose messages say what is wrong and what would be right. A message never names the
 * place: problem.ts adds the path, load.ts adds file, line and column.
 */

export const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
};

/** The sentence for a value that is missing, of another type, or of another form. */
export function wrongValue(value: unknown, noun: string, right: string): string {
  if (value === undefined) {
    return `is missing; it wants ${noun}: ${right}`;
  }
  if (value === null) {
    return `is empty; it wants ${noun}: ${right}`;
  }
  const quotes = typeof value === "number" ? ", and in quotes (YAML reads it as a number)" : "";
  return `${show(value)} is no ${noun.replace(/^(a|an) /, "")}; write it like ${right}${quotes}`;
}

/** Text of one form. `noun` starts with its article, `example` is a value that passes. */
export function text(pattern: RegExp, noun: string, example: string) {
  const error = (issue: { readonly input?: unknown }) =>
    wrongValue(issue.input, noun, JSON.stringify(example));
  return z
    .string({ error })
    .regex(pattern, { error })
    .meta({ description: upperFirst(noun), examples: [example] });
}

/** An IPv4 network whose prefix has a length from `shortest` to `longest`. */
export function network(noun: string, example: string, shortest: number, longest: number) {
  const error = (issue: { readonly input?: unknown }) => wrongValue(issue.input, noun, example);
  return z
    .string({ error })
    .superRefine((value, context) => {
      const parsed = parseCidr(value);
      if (typeof parsed === "string") {
        context.addIssue({ code: "custom", message: parsed });
      } else if (parsed.prefix < shortest || parsed.prefix > longest) {
        context.addIssue({
          code: "custom",
          message: `${value} has a prefix of /${parsed.prefix}; ${noun} wants /${shortest} to /${longest}`,
        });
      }
    })
    .meta({ description: upperFirst(noun), examples: [example] });
}

/**
 * A key of a record. Its pattern is for editors only; rules.ts checks it, since zod looks no further into a record's
 * value once its key is wrong.
 */
export const key = (pattern: RegExp) => z.string().meta({ pattern: pattern.source });

/** A whole number within bounds. */
export function whole(noun: string, minimum: number, maximum: number) {
  const error = (issue: { readonly input?: unknown }) =>
    issue.input === undefined
      ? `is missing; it wants ${noun} from ${minimum} to ${maximum}`
      : `${show(issue.input)} is not allowed as ${noun}; write a whole number from ${minimum} to ${maximum}`;
  return z
    .int({ error })
    .min(minimum, { error })
    .max(maximum, { error })
    .meta({ description: upperFirst(noun) });
}

/**
 * An object with these keys and no others. The message of an unknown key is the list of known ones, which problem.ts
 * turns into a "did you mean": zod keeps no reference from an issue to the object's shape.
 */
export function object<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? Object.keys(shape).join(",") : undefined),
  });
}

const upperFirst = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);
