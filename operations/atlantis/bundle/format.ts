import { createHash } from "node:crypto";
import { z } from "zod";
import { OperationFailure } from "../../failure";
import { quoted } from "../code-check/finding";
import { STACK_NAME } from "../stack-name";

/** The stacks of one commit, as the synth job hands them to those who have credentials. */
export interface Bundle {
  readonly schemaVersion: 1;
  /** Full id of the commit, lower case. */
  readonly commit: string;
  /** By name: look one up with {@link stackOf}. */
  readonly stacks: Readonly<Record<string, BundledStack>>;
  /** SHA-256 over the commit and all stacks, hexadecimal. */
  readonly digest: string;
}

export interface BundledStack {
  /** Names of stacks that are applied before it, sorted. */
  readonly dependencies: readonly string[];
  /** Text of its cdk.tf.json. */
  readonly code: string;
  /** SHA-256 of the code, hexadecimal. */
  readonly sha256: string;
}

/** A commit's full id: SHA-1 or SHA-256. */
export const COMMIT = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

/** Bytes of a bundle, which is read whole. */
export const MOST_BYTES = 32 * 1024 * 1024;

const HEXADECIMAL = /^[0-9a-f]{64}$/;

const schema = z.strictObject({
  schemaVersion: z.literal(1),
  commit: z.string().regex(COMMIT),
  stacks: z.record(
    z.string().regex(STACK_NAME),
    z.strictObject({
      dependencies: z.array(z.string().regex(STACK_NAME)),
      code: z.string(),
      sha256: z.string().regex(HEXADECIMAL),
    }),
  ),
  digest: z.string().regex(HEXADECIMAL),
});

/**
 * Binds stacks to a commit.
 *
 * @throws OperationFailure invalid for a commit or a name that is none, no stacks, or a dependency that is not there
 */
export function bundleOf(
  commit: string,
  stacks: Readonly<Record<string, Pick<BundledStack, "dependencies" | "code">>>,
): Bundle {
  checkCommit(commit);
  return bind(commit, stacks, (problem) => new OperationFailure("invalid", problem));
}

type Failure = (problem: string) => OperationFailure;

function bind(
  commit: string,
  stacks: Readonly<Record<string, Pick<BundledStack, "dependencies" | "code">>>,
  failure: Failure,
): Bundle {
  checkStacks(stacks, failure);
  const entries = Object.entries(stacks)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, { dependencies, code }]) => {
      const before = [...new Set(dependencies)].sort();
      return [name, { dependencies: before, code, sha256: sha256(code) }] as const;
    });
  const bundle: Omit<Bundle, "digest"> = { schemaVersion: 1, commit, stacks: Object.fromEntries(entries) };
  return { ...bundle, digest: digestOf(bundle) };
}

/**
 * A bundle as text: one line, the same bytes for the same bundle.
 *
 * @throws OperationFailure invalid when it is too large
 */
export function showBundle({ schemaVersion, commit, stacks, digest }: Bundle): string {
  const text = `${JSON.stringify({ schemaVersion, commit, stacks, digest })}\n`;
  const bytes = Buffer.byteLength(text);
  if (bytes > MOST_BYTES) {
    throw new OperationFailure(
      "invalid",
      `the stacks have ${bytes} bytes together, and a bundle has at most ${MOST_BYTES}`,
      "large texts in the code, such as user data, belong into a bucket or an image",
    );
  }
  return text;
}

/**
 * Reads a bundle, and checks that it is whole and of the commit.
 *
 * @param where it comes from, for messages
 * @throws OperationFailure invalid for what is no bundle in its one form, refused for one of another commit or changed
 */
export function readBundle(bytes: Uint8Array, commit: string, where: string): Bundle {
  const invalid = (problem: string) =>
    new OperationFailure("invalid", `${where} is no bundle: ${problem}`, AGAIN);
  const refused = (problem: string) => new OperationFailure("refused", `${where} ${problem}`, AGAIN);
  const { text, bundle } = parse(bytes, invalid);
  if (bundle.commit !== commit) {
    throw refused(`is of commit ${bundle.commit}, and not of ${commit}`);
  }
  for (const [name, stack] of Object.entries(bundle.stacks)) {
    if (sha256(stack.code) !== stack.sha256) {
      throw refused(`has other code of ${name} than its digest says`);
    }
  }
  const again = bind(commit, bundle.stacks, invalid);
  if (again.digest !== bundle.digest) {
    throw refused("has other stacks than its digest says");
  }
  // Of two equal keys JSON.parse takes the last. Written again they are one: this finds all that is written twice, in
  // another order or in another way.
  if (showBundle(again) !== text) {
    throw invalid("it is not in the form that publish writes");
  }
  return again;
}

const AGAIN = "nobody but skyline atlantis publish writes bundles: find out who wrote this one";

function parse(bytes: Uint8Array, invalid: Failure): { readonly text: string; readonly bundle: Bundle } {
  if (bytes.byteLength > MOST_BYTES) {
    throw invalid(`it has ${bytes.byteLength} bytes, and ${MOST_BYTES} are the most`);
  }
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw invalid("it is no JSON in UTF-8");
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const { path = [], message = "" } = parsed.error.issues[0] ?? {};
    throw invalid(`${quoted(path.map(String).join("."))}: ${quoted(message)}`);
  }
  return { text, bundle: parsed.data };
}

function checkStacks(
  stacks: Readonly<Record<string, Pick<BundledStack, "dependencies">>>,
  failure: Failure,
): void {
  const entries = Object.entries(stacks);
  if (entries.length === 0) {
    throw failure("it has no stacks");
  }
  for (const [name, { dependencies }] of entries) {
    if (!STACK_NAME.test(name)) {
      throw failure(`${quoted(name)} is no name of a stack`);
    }
    const missing = dependencies.find((each) => each === name || !Object.hasOwn(stacks, each));
    if (missing !== undefined) {
      throw failure(`${name} depends on ${quoted(missing)}, which it cannot`);
    }
  }
}

/**
 * One stack of a bundle.
 *
 * @param name of anybody's choice
 * @throws OperationFailure refused when the bundle does not have it
 */
export function stackOf({ stacks, commit }: Bundle, name: string): BundledStack {
  const found = Object.hasOwn(stacks, name) ? stacks[name] : undefined;
  if (found === undefined) {
    throw new OperationFailure(
      "refused",
      `commit ${commit} has no stack ${quoted(name)}`,
      `it has ${Object.keys(stacks).join(", ")}`,
    );
  }
  return found;
}

/** @throws OperationFailure invalid: an abbreviation could mean another commit tomorrow */
export function checkCommit(commit: string): void {
  if (!COMMIT.test(commit)) {
    throw new OperationFailure(
      "invalid",
      `${quoted(commit)} is no full id of a commit`,
      "name it in full and in lower case, as git rev-parse HEAD prints it",
    );
  }
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** Each stack's code goes in by its own digest, so that a digest over all of them needs no second look at the code. */
const digestOf = ({ schemaVersion, commit, stacks }: Omit<Bundle, "digest">) =>
  sha256(
    JSON.stringify([
      schemaVersion,
      commit,
      Object.entries(stacks).map(([name, stack]) => [name, stack.dependencies, stack.sha256]),
    ]),
  );
