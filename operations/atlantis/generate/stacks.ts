import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { stacksOfEnvironment } from "../../../environment/naming";
import type { Environment } from "../../../environment/schema";
import { OperationFailure } from "../../failure";
import { STACK_NAME } from "../stack-name";

/** A synthesized stack that Atlantis is to plan. */
export interface PlannedStack {
  readonly name: string;
  readonly environment: string;
  /** Names of the stacks that must be applied before it, sorted. */
  readonly dependencies: readonly string[];
}

export interface SynthesizedApp {
  /** Sorted by name. */
  readonly stacks: readonly PlannedStack[];
  /** Names of stacks that say nothing of an environment: Atlantis does not plan them. Sorted. */
  readonly leftOut: readonly string[];
}

const manifestShape = z.object({
  stacks: z.record(
    z.string(),
    z.object({ workingDirectory: z.string(), dependencies: z.array(z.string()).default([]) }),
  ),
});

const metadataShape = z.object({
  "//": z.object({ skyline: z.object({ environment: z.string(), stack: z.string() }).optional() }),
});

/**
 * The stacks of an output folder of the app, each of which says itself to which environment it belongs.
 *
 * @param environments all that the app is made of
 * @throws OperationFailure missing when nothing is synthesized; invalid when it is no output of these environments
 */
export function readApp(output: string, environments: readonly Environment[]): SynthesizedApp {
  const { stacks: found } = read(join(output, "manifest.json"), manifestShape, output);
  const known = new Set(environments.map(({ environment }) => environment));
  const stacks: PlannedStack[] = [];
  const leftOut: string[] = [];
  for (const [name, { workingDirectory, dependencies }] of Object.entries(found)) {
    if (!STACK_NAME.test(name)) {
      throw wrong(`${JSON.stringify(name)} cannot be a stack's name: it wants a-z, 0-9 and -, at most 63`);
    }
    if (workingDirectory !== `stacks/${name}`) {
      throw wrong(
        `stack ${name} is in ${JSON.stringify(workingDirectory)} of ${output} and not in stacks/${name}`,
      );
    }
    const metadata = read(join(output, workingDirectory, "cdk.tf.json"), metadataShape, output)["//"].skyline;
    if (metadata === undefined) {
      leftOut.push(name);
    } else if (metadata.stack !== name || !known.has(metadata.environment)) {
      throw wrong(
        `stack ${name} says that it is ${JSON.stringify(metadata.stack)} of ${JSON.stringify(metadata.environment)}`,
        `the environments are ${[...known].join(", ")}; ${SYNTHESIZE}`,
      );
    } else {
      stacks.push({ name, environment: metadata.environment, dependencies: [...dependencies].sort() });
    }
  }
  checkComplete(stacks, environments, output);
  return { stacks: stacks.sort(byName), leftOut: leftOut.sort() };
}

/** An output that is older than the environment files would make Atlantis forget stacks. */
function checkComplete(
  stacks: readonly PlannedStack[],
  environments: readonly Environment[],
  output: string,
): void {
  const names = new Set(stacks.map(({ name }) => name));
  const missing = environments
    .flatMap(({ environment, clusters }) => stacksOfEnvironment(environment, clusters))
    .filter((name) => !names.has(name));
  if (missing.length > 0) {
    throw wrong(`${output} is older than the environment files: it lacks ${missing.join(", ")}`, SYNTHESIZE);
  }
  for (const { name, dependencies } of stacks) {
    const unknown = dependencies.filter((dependency) => !names.has(dependency));
    if (unknown.length > 0) {
      throw wrong(
        `stack ${name} depends on ${unknown.map((each) => JSON.stringify(each)).join(", ")}, which Atlantis does not plan`,
      );
    }
  }
}

const SYNTHESIZE = "synthesize the stacks first: npm run build && node dist/main.js";

function read<T>(file: string, shape: z.ZodType<T>, output: string): T {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === "ENOENT" ? "is not there" : `cannot be read (${code})`;
    throw new OperationFailure(
      "missing",
      `${file} ${reason}`,
      `${SYNTHESIZE} (or name their folder: --stacks)`,
    );
  }
  const parsed = shape.safeParse(parse(text));
  if (!parsed.success) {
    throw wrong(`${file} was not written by this version of the app`, `remove ${output}, and ${SYNTHESIZE}`);
  }
  return parsed.data;
}

/** Undefined fits no shape. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const wrong = (message: string, hint?: string) => new OperationFailure("invalid", message, hint);

const byName = (one: PlannedStack, other: PlannedStack) => (one.name < other.name ? -1 : 1);
