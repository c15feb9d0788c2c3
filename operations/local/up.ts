import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { environmentFile } from "../../environment/folder";
import { loadEnvironment } from "../../environment/load";
import { packageRoot } from "../../environment/package-root";
import { synthesize } from "../app";
import { OperationFailure } from "../failure";
import { awsStacks, stacksOf, type SynthesizedStack } from "../synthesized";
import { prepareAccount } from "./account";
import { deployStacks, type Workspace } from "./cdktf";
import { judge, type Difference, type Judgement } from "./deviations";
import { startEmulator, type Emulator } from "./emulator";
import { readEnvironment, type EnvironmentFacts } from "./facts/read";
import { pythonEnvironment } from "./python";
import { forgetRun, isAlive, localFolder, readRunState, writeRunState } from "./run-state";
import { planAgain } from "./second-plan";
import { AWS_PROVIDER_VERSION, findTerraform, writeTerraformSettings } from "./terraform";
import { terraformSettings, workspaceOf } from "./workspace";

export interface LocalOptions {
  /** Folder of the project, with cdktf.json. */
  readonly root: string;
  /** Folder of the environment files. */
  readonly environments: string;
  readonly environment: string;
  /** Leave it running at the end. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
  readonly report: (event: LocalEvent) => void;
}

export type LocalEvent =
  | { readonly type: "step"; readonly text: string }
  | { readonly type: "progress"; readonly done: number; readonly total: number; readonly last: string };

/** What stands at the end. */
export interface LocalResult extends EnvironmentFacts {
  readonly environment: string;
  readonly region: string;
  readonly stacks: readonly { readonly name: string; readonly resources: number; readonly seconds: number }[];
  /** Differences of the second plan that known deviations of the emulator explain. */
  readonly explained: number;
  readonly kept: boolean;
  readonly aws: string;
  readonly eks: string;
  readonly folder: string;
  readonly seconds: number;
}

/**
 * Stands up an environment on an emulated AWS: deploys every AWS stack with cdktf and Terraform, then proves it by a
 * second plan and by reading the clusters back.
 *
 * @throws OperationFailure with what to do next; whatever was started is stopped then
 */
export async function localUp(options: LocalOptions): Promise<LocalResult> {
  const started = Date.now();
  const step = (text: string) => options.report({ type: "step", text });
  const environment = loadEnvironment(environmentFile(options.environments, options.environment));
  const folder = localFolder(options.root);
  await makeRoom(folder);

  const terraform = await findTerraform();
  step(
    `Terraform ${terraform.version}, AWS provider ${AWS_PROVIDER_VERSION} from ${terraform.mirror ?? "the registry"}`,
  );
  const python = await pythonEnvironment(join(packageRoot(), "tools", "python"));
  step(`AWS emulator ${python.made ? "installed" : "is installed"} (moto, and ministack for EKS)`);

  await mkdir(folder, { recursive: true });
  const emulator = await startEmulator({
    bin: python.bin,
    account: environment.account,
    folder,
    clientsOf: environment,
  });
  try {
    await writeRunState(folder, {
      environment: environment.environment,
      pids: emulator.processes.map(({ pid }) => pid),
      aws: emulator.aws,
      eks: emulator.eks,
      startedAt: new Date(started).toISOString(),
    });
    step(`AWS emulated at ${emulator.aws}, EKS at ${emulator.eks}`);
    const access = { ...emulator, account: environment.account, region: environment.region };
    const { images, secrets } = await prepareAccount(emulator, access, environment, options.signal);
    step(
      `Account prepared: state bucket, ${images} image parameters, ${secrets} secrets of skyline pki init`,
    );

    await writeTerraformSettings(terraformSettings(folder), terraform.mirror);
    const workspace = workspaceOf(options, terraform, emulator, environment);
    await synthesize(workspace, join(folder, "synth.log"));
    const stacks = awsStacks(stacksOf(workspace.output, environment.environment));
    step(`Synthesized; cdktf deploy ${stacks.map(({ name }) => name).join(" ")}`);
    const times = await deploy(workspace, stacks, options);

    step("Deployed; planning again: nothing may differ");
    const differences: Difference[] = [];
    for (const stack of stacks) {
      differences.push(...(await planAgain(terraform.binary, stack.folder, workspace.env, options.signal)));
    }
    const judgement = judge(differences);
    refuseDifferences(judgement);
    step(`Second plan is empty, but for ${judgement.explained} known deviations of the emulator`);

    const facts = await readEnvironment(access, environment);
    step("Mesh and clusters read back through the AWS API: as the environment asks for");

    if (options.keep) {
      emulator.processes.forEach((running) => running.release());
    } else {
      await end(folder, emulator);
    }
    return {
      environment: environment.environment,
      region: environment.region,
      stacks: stacks.map(({ name, resources }) => ({ name, resources, seconds: times.get(name) ?? 0 })),
      ...facts,
      explained: judgement.explained,
      kept: options.keep,
      aws: emulator.aws,
      eks: emulator.eks,
      folder,
      seconds: (Date.now() - started) / 1000,
    };
  } catch (error) {
    await end(folder, emulator);
    throw error;
  }
}

/** A new run starts in an empty folder; one that stands is not run over. */
async function makeRoom(folder: string): Promise<void> {
  const before = readRunState(folder);
  if (before !== undefined && isAlive(before)) {
    throw new OperationFailure(
      "conflict",
      `environment ${before.environment} stands since ${before.startedAt}`,
      "npm run local -- --destroy",
    );
  }
  await rm(folder, { recursive: true, force: true });
}

async function end(folder: string, emulator: Emulator): Promise<void> {
  await emulator.stop();
  await forgetRun(folder);
}

/** Deploys, and tells how long each stack took, in seconds. */
async function deploy(
  workspace: Workspace,
  stacks: readonly SynthesizedStack[],
  options: LocalOptions,
): Promise<Map<string, number>> {
  const names = stacks.map(({ name }) => name);
  const total = stacks.reduce((sum, { resources }) => sum + resources, 0);
  const since = new Map<string, number>();
  const times = new Map<string, number>();
  let done = 0;
  let stack = "";
  await deployStacks(workspace, names, join(localFolder(workspace.root), "deploy.log"), (text) => {
    for (const line of text.split("\n")) {
      // cdktf names the stack at the beginning of what it prints at once, and indents the rest of it.
      stack = names.find((name) => line.startsWith(`${name} `)) ?? stack;
      if (line.includes(": Creating...")) {
        since.set(stack, since.get(stack) ?? Date.now());
      }
      const created = /(\S+): Creation complete/.exec(line);
      if (created !== null) {
        times.set(stack, (Date.now() - (since.get(stack) ?? Date.now())) / 1000);
        done++;
        options.report({ type: "progress", done, total, last: created[1] ?? "" });
      }
    }
  });
  return times;
}

function refuseDifferences({ unexplained, unused }: Judgement): void {
  const lines = [
    ...unexplained.map(
      ({ address, actions, attribute, before, after }) =>
        `${address}: ${actions.join(" and ")}${attribute && ` of ${attribute}`}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`,
    ),
    ...unused.map(
      ({ resource, attribute }) => `the known deviation of ${resource}.${attribute} is not needed any more`,
    ),
  ];
  if (lines.length > 0) {
    throw new OperationFailure(
      "verification",
      `the second plan is not what it should be:\n${lines.join("\n")}`,
    );
  }
}
