import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseDocument } from "yaml";
import { loadEnvironment } from "../../environment/load";
import { activeApiHost, stackNames } from "../../environment/naming";
import type { Environment } from "../../environment/schema";
import { synthesize, type AppRun } from "../../operations/app";
import { isolated } from "../../operations/isolated";
import { prepareAccount } from "../../operations/local/account";
import type { Difference } from "../../operations/local/deviations";
import { emulatorEnvironment, startEmulator, type Emulator } from "../../operations/local/emulator";
import { pythonEnvironment } from "../../operations/local/python";
import { awsStacks, stacksOf, type SynthesizedStack } from "../../operations/synthesized";
import { aws } from "./aws-cli";
import { REPOSITORY, TerraformProject } from "./terraform-project";

const SCENARIO = "self-managed-cluster";
const ENVIRONMENT = "self-managed";

/** Images of alpha's nodes by role, where each takes its own from a parameter. */
export const IMAGES = {
  etcd: "ami-0e7cd000000000000",
  controller: "ami-0c000000000000000",
  worker: "ami-0abcdef1234567890",
} as const;

/**
 * An environment on an emulated AWS that goes from file to file, as people would write one after the other. Its cluster
 * alpha is the one of the scenario in which everything that a self-managed cluster can choose is chosen; bravo is on EKS.
 */
export class EmulatedLife {
  static async start(): Promise<EmulatedLife> {
    const python = await pythonEnvironment(join(REPOSITORY, "tools", "python"));
    const project = await TerraformProject.create();
    mkdirSync(join(project.root, "environments"));
    project.asApp();
    const environment = write(project, { alpha: "active" });
    const { account, region } = environment;
    const emulator = await startEmulator({
      ...{ bin: python.bin, account, folder: project.root, clientsOf: environment },
    });
    const life = new EmulatedLife(project, emulator, environment);
    await prepareAccount(emulator, { ...emulator, account, region }, environment, life.run.signal);
    for (const [role, id] of Object.entries(IMAGES)) await life.put(`/skyline/images/${role}/latest`, id);
    return life;
  }

  readonly names = {
    network: stackNames.network(ENVIRONMENT),
    mesh: stackNames.mesh(ENVIRONMENT),
    alpha: stackNames.cluster(ENVIRONMENT, "alpha"),
    bravo: stackNames.cluster(ENVIRONMENT, "bravo"),
  };
  /** What leads AWS' clients to the emulator. */
  readonly env: NodeJS.ProcessEnv;
  private readonly run: AppRun;

  private constructor(
    readonly project: TerraformProject,
    private readonly emulator: Emulator,
    public environment: Environment,
  ) {
    const { root, output } = project;
    this.env = emulatorEnvironment(emulator, environment.account, environment.region);
    this.run = { root, output, env: isolated({}), signal: new AbortController().signal };
  }

  /**
   * Writes the file, with clusters in these roles, synthesizes, and applies these clusters' stacks. Of what they depend
   * on, a stack is applied only when the file has changed it: whether one of the others needs to be, {@link differences}
   * tells.
   */
  async change(roles: Readonly<Record<string, string>>, clusters: readonly string[]): Promise<void> {
    const before = this.code();
    this.environment = write(this.project, roles);
    await synthesize(this.run, join(this.project.root, "synth.log"));
    const after = this.code();
    const { network, mesh } = this.names;
    const changed = [network, mesh].filter((name) => before.get(name) !== after.get(name));
    if (changed.includes(network)) await this.apply(network);
    await Promise.all(
      [...changed.filter((name) => name !== network), ...clusters].map((one) => this.apply(one)),
    );
  }

  /** Everything that plans of these stacks would change. */
  async differences(names: readonly string[]): Promise<(Difference & { readonly stack: string })[]> {
    const all = [];
    for (const name of names) {
      // Of a stack that was not applied since the app wrote it anew.
      await this.terraform(name, "init", "-input=false");
      const found = await this.project.planAgain(this.folderOf(name), this.env);
      all.push(...found.map((difference) => ({ stack: name, ...difference })));
    }
    return all;
  }

  /** The stacks that need the AWS provider alone. */
  stacks(): SynthesizedStack[] {
    return awsStacks(stacksOf(this.project.output, ENVIRONMENT));
  }

  terraform(name: string, ...args: string[]): Promise<string> {
    return this.project.run(this.folderOf(name), [...args, "-no-color"], this.env);
  }

  async parameter(name: string): Promise<string> {
    const found = await this.aws<{ Parameter: { Value: string } }>(["ssm", "get-parameter"], {
      "--name": name,
    });
    return found.Parameter.Value;
  }

  async put(name: string, value: string): Promise<void> {
    await this.aws(["ssm", "put-parameter", "--overwrite", "--type", "String"], {
      ...{ "--name": name, "--value": value },
    });
  }

  /** What the name of the active cluster's API stands for. */
  async activeApi(): Promise<string | undefined> {
    const { HostedZones: zones } = await this.aws<{ HostedZones: { Id: string }[] }>([
      ...["route53", "list-hosted-zones"],
    ]);
    const { ResourceRecordSets: records } = await this.aws<{
      ResourceRecordSets: { Name: string; ResourceRecords?: { Value: string }[] }[];
    }>(["route53", "list-resource-record-sets"], { "--hosted-zone-id": zones[0]?.Id ?? "" });
    const name = `${activeApiHost(this.environment.domain)}.`;
    return records.find(({ Name }) => Name === name)?.ResourceRecords?.[0]?.Value;
  }

  /** Asks the emulator by AWS' own client. */
  aws<T>(command: readonly string[], options: Readonly<Record<string, string>> = {}): Promise<T> {
    return aws<T>(this.env, command, options);
  }

  /** A launch template's newest version: its user data, as text, and its image. */
  async launched(template: string): Promise<{ readonly userData: Buffer; readonly image: string }> {
    const { LaunchTemplateVersions: versions } = await this.aws<{
      LaunchTemplateVersions: { LaunchTemplateData: { UserData: string; ImageId: string } }[];
    }>(["ec2", "describe-launch-template-versions"], { "--launch-template-name": template });
    const data = versions.at(-1)?.LaunchTemplateData;
    return { userData: Buffer.from(data?.UserData ?? "", "base64"), image: data?.ImageId ?? "" };
  }

  /** The text of a golden file of the scenario. */
  golden(...path: string[]): string {
    return readFileSync(join(REPOSITORY, "test", "scenarios", SCENARIO, "expected", ...path), "utf8");
  }

  async stop(): Promise<void> {
    await this.emulator.stop();
    await this.project.remove();
  }

  private apply(name: string): Promise<void> {
    return this.project.apply(this.folderOf(name), this.env);
  }

  private folderOf(name: string): string {
    return this.stacks().find((stack) => stack.name === name)?.folder ?? `no stack ${name}`;
  }

  /** Texts of the stacks by name, without cdktf's remarks of where in the code something is from. */
  private code(): ReadonlyMap<string, string> {
    if (!existsSync(this.project.output)) return new Map();
    const text = (folder: string) => {
      const { "//": _, ...code } = JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8")) as {
        "//": unknown;
      };
      return JSON.stringify(code);
    };
    return new Map(this.stacks().map(({ name, folder }) => [name, text(folder)]));
  }
}

function write(project: TerraformProject, roles: Readonly<Record<string, string>>): Environment {
  const text = (...path: string[]) => readFileSync(join(REPOSITORY, ...path), "utf8");
  const document = parseDocument(text("test", "scenarios", SCENARIO, "environment.yaml"));
  const development = parse(text("environments", "development.yaml")) as { clusters: { bravo: object } };
  document.deleteIn(["clusters", "zulu"]);
  document.setIn(["clusters", "bravo"], document.createNode(development.clusters.bravo));
  for (const name of ["alpha", "bravo"]) {
    if (roles[name] === undefined) document.deleteIn(["clusters", name]);
    else document.setIn(["clusters", name, "role"], roles[name]);
  }
  const file = join(project.root, "environments", `${ENVIRONMENT}.yaml`);
  writeFileSync(file, document.toString());
  return loadEnvironment(file);
}
