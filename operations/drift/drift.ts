import { resolve } from "node:path";
import { stackNames, stacksOfEnvironment } from "../../environment/naming";
import type { Environment } from "../../environment/schema";
import type { AwsOptions } from "../aws/account";
import { OperationFailure } from "../failure";
import { stacksOf } from "../synthesized";
import { judgeActive } from "./active";
import { readAround, unknownAround } from "./around";
import { judgeClusters } from "./clusters";
import type { DriftReport, StackDrift, Unknown } from "./model";
import { Reader } from "./reading";
import { lookAtStacks } from "./stacks";
import { lookAtStates } from "./states/look";
import { withTerraform } from "./terraform";

export interface DriftRequest extends Pick<AwsOptions, "endpoint" | "credentials" | "profile"> {
  readonly environment: Environment;
  /** Path of its file, as a person names it. */
  readonly file: string;
  /** Folder that the app was synthesized into. */
  readonly stacks: string;
  /** Whether the platform stacks are looked at: that needs a way to each cluster's API. */
  readonly platforms: boolean;
  readonly signal: AbortSignal;
  /** Milliseconds that all of it may take. */
  readonly timeoutMs: number;
  /** Told what is looked at, a line each. */
  readonly report?: (step: string) => void;
}

/**
 * Looks for what is not as the code has it: in AWS, in the states, in the registry and at the dial. It takes no lock and
 * writes nothing. What cannot be read is in the report, with its reason.
 *
 * @throws OperationFailure denied, unreachable or timeout, when not even the registry can be read; invalid, when the stacks
 *   are not of this environment's file
 */
export async function lookForDrift(request: DriftRequest): Promise<DriftReport> {
  const { environment, file, platforms, report = () => undefined } = request;
  const { environment: name } = environment;
  const reader = new Reader(request.signal, AbortSignal.timeout(request.timeoutMs));
  const stacks = stacksOf(request.stacks, name);
  assertOfFile(environment, new Set(stacks.map((stack) => stack.name)), request.stacks);

  report("registry, name of the API, dial");
  const around = await readAround(request, reader);
  const { states, looked } = await withTerraform(reader.signal, async (terraform) => {
    const folder = resolve(request.stacks, "..");
    const states = await lookAtStates({ environment, folder, terraform, reader, report });
    return { states, looked: await lookAtStacks({ stacks, states, platforms, terraform, reader, report }) };
  });

  const network = states.summaries?.get(stackNames.network(name));
  const active = judgeActive({
    ...{ environment, file, ...around },
    isApplied: states.summaries === null || network === null ? null : (network?.resources ?? 0) > 0,
  });
  const clusters = judgeClusters({
    environment,
    states: states.summaries,
    whereOf: states.whereOf,
    entries: around.entries.value ?? null,
    weights: around.dial.value?.weights ?? null,
  });
  const findings = [...active.findings, ...clusters.findings];
  const unknown = [
    ...unknownAround(name, around),
    ...states.unknown,
    ...clusters.withoutRole.map((cluster) => withoutRole(environment, cluster)),
    ...looked.unknown,
  ];
  const differs = findings.length > 0 || looked.stacks.some(hasDrifted);
  return {
    environment: name,
    verdict: unknown.length > 0 ? "incomplete" : differs ? "drift" : "none",
    stacks: looked.stacks,
    active: active.view,
    findings,
    notes: [...states.notes, ...clusters.notes],
    unknown,
  };
}

/** @throws OperationFailure invalid */
function assertOfFile(
  { environment, clusters }: Environment,
  found: ReadonlySet<string>,
  output: string,
): void {
  const wanted = stacksOfEnvironment(environment, clusters);
  const missing = wanted.filter((name) => !found.has(name));
  const strange = [...found].filter((name) => !wanted.includes(name));
  if (missing.length + strange.length > 0) {
    const told = [
      ...(missing.length === 0 ? [] : [`it lacks ${missing.join(", ")}`]),
      ...(strange.length === 0 ? [] : [`it has ${strange.join(", ")}`]),
    ];
    throw new OperationFailure(
      "invalid",
      `${output} was not synthesized from the file of ${environment}: ${told.join(", and ")}`,
      "synthesize again: npx cdktf synth",
    );
  }
}

const hasDrifted = ({ state, changedOutside, notApplied, outputs }: StackDrift) =>
  state === "waits" || changedOutside.length + notApplied.length + outputs.length > 0;

function withoutRole({ environment, clusters }: Environment, cluster: string): Unknown {
  const stack = stackNames.cluster(environment, cluster);
  const role = Object.hasOwn(clusters, cluster) ? clusters[cluster]?.role : undefined;
  return {
    what: `life of ${cluster}`,
    reason: `the state of ${stack} does not say with which role it was applied`,
    hint:
      // An apply of what is removed would take it away.
      role === undefined || role === "removed"
        ? `find out which role ${cluster} has, and give it that in the file`
        : `apply ${stack}: from then on it does`,
  };
}
