import { z } from "zod";
import { isObject } from "../../../environment/json-object";
import { OperationFailure } from "../../failure";
import { canonical, isTooDeep } from "../code-check/document";
import { quoted } from "../code-check/finding";
import { STACK_NAME } from "../stack-name";
import { bundleOf, showBundle, type Bundle } from "./format";
import { readWithin } from "./read-within";
import type { Store } from "./store-contract";

export interface BundledApp {
  readonly bundle: Bundle;
  /** Names of stacks that say nothing of an environment: Atlantis does not plan them. Sorted. */
  readonly leftOut: readonly string[];
}

const manifestShape = z.object({
  stacks: z.record(z.string(), z.object({ dependencies: z.array(z.string()).default([]) })),
});

/**
 * The stacks that the app has written, bound to a commit. What has written them ran a pull request's code, perhaps in
 * another job than this one, which has a token: nothing but regular files at their one place is read.
 *
 * @param output folder of the synthesized app, `cdktf.out`
 * @throws OperationFailure invalid
 */
export function bundleSynthesized(output: string, commit: string): BundledApp {
  const manifest = manifestShape.safeParse(readJson(output, ["manifest.json"]));
  if (!manifest.success) {
    throw new OperationFailure(
      "invalid",
      `manifest.json of ${output} was not written by this version of the app`,
    );
  }
  const stacks = Object.entries(manifest.data.stacks).map(([name, { dependencies }]) => {
    if (!STACK_NAME.test(name)) {
      throw new OperationFailure(
        "invalid",
        `${quoted(name)} is no name of a stack: a-z, 0-9 and -, at most 63`,
      );
    }
    return { name, dependencies, code: readJson(output, ["stacks", name, "cdk.tf.json"]) };
  });
  const planned = stacks.filter(({ code }) => hasEnvironment(code));
  const bundled = planned.map(
    ({ name, dependencies, code }) => [name, { dependencies, code: canonical(code) }] as const,
  );
  return {
    bundle: bundleOf(commit, Object.fromEntries(bundled)),
    leftOut: stacks
      .filter((stack) => !planned.includes(stack))
      .map(({ name }) => name)
      .sort(),
  };
}

/** Whether a stack is a BaseStack, of whatever environment: whether it may say so is for the code check. */
const hasEnvironment = (code: unknown): boolean =>
  isObject(code) && isObject(code["//"]) && code["//"].skyline !== undefined;

export interface Published {
  readonly address: string;
  /** False when the same bundle was there already. */
  readonly written: boolean;
}

/** Writes a bundle to a store. @throws OperationFailure conflict when the commit has another one there */
export async function publish(store: Store, bundle: Bundle, signal?: AbortSignal): Promise<Published> {
  const bytes = Buffer.from(showBundle(bundle));
  return {
    address: store.addressOf(bundle.commit),
    written: await store.put(bundle.commit, bytes, signal),
  };
}

function readJson(output: string, path: readonly string[]): unknown {
  const text = readWithin(output, path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own words have some of the text in them.
    throw new OperationFailure("invalid", `${path.join("/")} of ${output} is no JSON`);
  }
  if (isTooDeep(value)) {
    throw new OperationFailure("invalid", `${path.join("/")} of ${output} has too many levels`);
  }
  return value;
}
