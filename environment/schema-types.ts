import { z } from "zod";
import { parseCidr } from "./cidr";
import { absence, show } from "./show";

/**
 * Small makers of zod schemas whose messages say what is wrong and what would be right. A message never names the
 * place: problem.ts adds the path, load.ts adds file, line and column.
 */

/** The sentence for a value that is missing, of another type, or of another form. */
export const wants =
  (noun: string, right: string) =>
  ({ input }: { readonly input?: unknown }): string => {
    const absent = absence(input);
    return absent !== undefined
      ? `${absent}; it wants ${noun}: ${right}`
      : `${show(input)} is no ${noun.replace(/^(a|an) /, "")}; write it like ${right}`;
  };

/** Text of one form. `noun` starts with its article, `example` is a value that passes. */
export function text(pattern: RegExp, noun: string, example: string) {
  const wrong = wants(noun, JSON.stringify(example));
  const error = (issue: { readonly input?: unknown }) =>
    wrong(issue) + (typeof issue.input === "number" ? ", and in quotes (YAML reads it as a number)" : "");
  return z
    .string({ error })
    .regex(pattern, { error })
    .meta({ description: upperFirst(noun), examples: [example] });
}

/** An IPv4 network whose prefix has a length from `shortest` to `longest`. */
export function network(noun: string, example: string, shortest: number, longest: number) {
  return z
    .string({ error: wants(noun, example) })
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

/** A list. `noun` is `a list of …`, `example` one that passes. */
export function list<Item extends z.ZodType>(item: Item, noun: string, example: string) {
  return z.array(item, { error: wants(noun, example) });
}

/** A whole number within bounds. */
export function whole(noun: string, minimum: number, maximum: number) {
  const error = ({ input }: { readonly input?: unknown }) => {
    const absent = absence(input);
    return absent !== undefined
      ? `${absent}; it wants the ${noun}, from ${minimum} to ${maximum}`
      : `${show(input)} is not allowed as ${noun}; write a whole number from ${minimum} to ${maximum}`;
  };
  return z
    .int({ error })
    .min(minimum, { error })
    .max(maximum, { error })
    .meta({ description: upperFirst(noun) });
}

/** {@link whole} of what keeps quorum. An even number survives no more losses than the odd one below it. */
export function oddWhole(noun: string, minimum: number, maximum: number) {
  const things = noun.split(" ").at(-1);
  return whole(noun, minimum, maximum).refine((n) => n < minimum || n > maximum || n % 2 === 1, {
    error: ({ input }) => {
      const even = input as number;
      return `${even} ${things} survive the loss of ${even / 2 - 1}, as ${even - 1} do; write an odd number`;
    },
  });
}

/**
 * An object with these keys and no others. The message of an unknown key is the list of known ones, which problem.ts
 * turns into a "did you mean": zod keeps no reference from an issue to the object's shape.
 */
export function object<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const keys = Object.keys(shape);
  return z.strictObject(shape, {
    error: ({ code, input }) =>
      code === "unrecognized_keys"
        ? keys.join(",")
        : `${absence(input) ?? `${show(input)} is no mapping`}; it wants the keys ${keys.join(", ")}`,
  });
}

const upperFirst = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);
