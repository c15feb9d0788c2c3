import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  activeApiHost,
  apiHost,
  clusterResourceName,
  registry,
  stackNames,
  type RegistryEntry,
} from "../../environment/naming";
import type { Environment } from "../../environment/schema";
import { prepareAccount } from "../../operations/local/account";
import { emulatorEnvironment, startEmulator, type Emulator } from "../../operations/local/emulator";
import { pythonEnvironment } from "../../operations/local/python";
import { aws } from "../support/aws-cli";
import { builtCli } from "../support/built";
import { type Ended, startCli } from "../support/cli";
import { writeLikeAlpha } from "../support/like-alpha";
import { REPOSITORY, TerraformProject } from "../support/terraform-project";

jest.setTimeout(600_000);

/** What a promotion moves, and that no plan moves it back; and the way back of workers. */
const ENVIRONMENT = "development";
const NETWORK = stackNames.network(ENVIRONMENT);
const ALPHA = stackNames.cluster(ENVIRONMENT, "alpha");

let project: TerraformProject;
let emulator: Emulator;
let environment: Environment;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  builtCli();
  const python = await pythonEnvironment(join(REPOSITORY, "tools", "python"));
  project = await TerraformProject.create();
  mkdirSync(join(project.root, "environments"));
  write({ alpha: "active", charlie: "passive" });
  const { account, region } = environment;
  emulator = await startEmulator({ bin: python.bin, account, folder: project.root, clientsOf: environment });
  env = emulatorEnvironment(emulator, account, region);
  await prepareAccount(emulator, { ...emulator, account, region }, environment, new AbortController().signal);
  await apply(NETWORK);
  await apply(ALPHA);
  const alpha = JSON.parse(await parameter(registry.cluster(ENVIRONMENT, "alpha"))) as RegistryEntry;
  await aws(env, ["ssm", "put-parameter", "--type", "String"], {
    "--name": registry.cluster(ENVIRONMENT, "charlie"),
    "--value": JSON.stringify({ ...alpha, name: "charlie" }),
  });
});

afterAll(async () => {
  await emulator?.stop();
  await project?.remove();
});

/** Writes the file with alpha and charlie, which is another alpha, in these roles, and synthesizes. */
function write(roles: Readonly<Record<"alpha" | "charlie", string>>, workerImage?: string): void {
  environment = writeLikeAlpha(project, { roles, workerImage, localState: true });
}

const folderOf = (name: string) => project.stacks(ENVIRONMENT).find((stack) => stack.name === name)!.folder;

const apply = (name: string) => project.apply(folderOf(name), env);

async function differences(name: string) {
  await project.run(folderOf(name), ["init", "-input=false", "-no-color"], env);
  return project.planAgain(folderOf(name), env);
}

const parameter = async (name: string) =>
  (await aws<{ Parameter: { Value: string } }>(env, ["ssm", "get-parameter"], { "--name": name })).Parameter
    .Value;

interface RecordSet {
  readonly Name: string;
  readonly ResourceRecords?: readonly { readonly Value: string }[];
}

async function activeApi(): Promise<string | undefined> {
  const { HostedZones: zones } = await aws<{ HostedZones: { Id: string }[] }>(env, [
    "route53",
    "list-hosted-zones",
  ]);
  const query = { "--hosted-zone-id": zones[0]?.Id ?? "" };
  const { ResourceRecordSets: records } = await aws<{ ResourceRecordSets: RecordSet[] }>(
    env,
    ["route53", "list-resource-record-sets"],
    query,
  );
  const name = `${activeApiHost(environment.domain)}.`;
  return records.find(({ Name }) => Name === name)?.ResourceRecords?.[0]?.Value;
}

/** No Consul is near: the dial has nothing to say. */
const promote = (...args: readonly string[]): Promise<Ended> =>
  startCli(
    ["promote", ...args, "--env", ENVIRONMENT],
    { ...env, CONSUL_HTTP_ADDR: "127.0.0.1:1" },
    project.root,
  ).ended;
const OVERRIDE = ["--override", "this test has no Consul"];

const active = async () => ({
  parameter: await parameter(registry.active(ENVIRONMENT)),
  api: await activeApi(),
});

describe("a promotion", () => {
  test("given no dial to read, then it ends with 9 and moves nothing; --dry-run neither", async () => {
    expect(await promote("charlie")).toMatchObject({
      code: 9,
      stderr: expect.stringContaining("--override"),
    });
    const dry = await promote("charlie", ...OVERRIDE, "--dry-run");
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining("Nothing is moved") });
    expect(await active()).toEqual({ parameter: "alpha", api: apiHost("alpha", environment.domain) });
  });

  test("moves parameter and name, prints the change of the file, and can be run again", async () => {
    const { code, stdout } = await promote("charlie", ...OVERRIDE);
    expect(code).toBe(0);
    expect(stdout).toContain("-    role: active\n+    role: passive");
    expect(stdout).toContain("-    role: passive\n+    role: active");
    expect(await active()).toEqual({ parameter: "charlie", api: apiHost("charlie", environment.domain) });
    const again = await promote("charlie", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({
      exitCode: 0,
      data: { moves: [{ action: "none" }, { action: "none" }] },
    });
  });

  test("stays: plans are empty with the file as it was, and with what it says then they note the role alone", async () => {
    expect(await differences(NETWORK)).toEqual([]);
    expect(await differences(ALPHA)).toEqual([]);
    write({ alpha: "passive", charlie: "active" });
    expect(await differences(NETWORK)).toEqual([]);
    expect(await differences(ALPHA)).toMatchObject([{ address: "output.cluster_role", actions: ["update"] }]);
  });

  test("given one that was ended between its two moves, then the next one ends it", async () => {
    await aws(env, ["ssm", "put-parameter", "--overwrite"], {
      "--name": registry.active(ENVIRONMENT),
      "--value": "alpha",
    });
    const { code, stdout } = await promote("alpha", ...OVERRIDE);
    expect(code).toBe(0);
    expect(stdout).toContain(`${registry.active(ENVIRONMENT)} says alpha already`);
    expect(await active()).toEqual({ parameter: "alpha", api: apiHost("alpha", environment.domain) });
  });
});

interface TemplateSpecification {
  readonly LaunchTemplateId: string;
  readonly Version: string;
}

interface TemplateData {
  readonly ImageId: string;
  readonly TagSpecifications?: readonly {
    readonly ResourceType: string;
    readonly Tags: readonly { readonly Key: string; readonly Value: string }[];
  }[];
}

interface WorkerGroup {
  readonly MixedInstancesPolicy: {
    readonly LaunchTemplate: { readonly LaunchTemplateSpecification: TemplateSpecification };
  };
}

/** The launch template that the group of alpha's workers has, with what is in it. */
async function workerTemplate() {
  const { AutoScalingGroups: groups } = await aws<{ AutoScalingGroups: WorkerGroup[] }>(
    env,
    ["autoscaling", "describe-auto-scaling-groups"],
    { "--auto-scaling-group-names": clusterResourceName(ENVIRONMENT, "alpha", "general") },
  );
  const { LaunchTemplateId: id, Version: version } =
    groups[0]!.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification;
  const { LaunchTemplateVersions: versions } = await aws<{
    LaunchTemplateVersions: { LaunchTemplateData: TemplateData }[];
  }>(env, ["ec2", "describe-launch-template-versions"], {
    "--launch-template-id": id,
    "--versions": version,
  });
  const { TagSpecifications: tags = [], ...data } = versions[0]!.LaunchTemplateData;
  // Tags have no order.
  const sorted = tags.map(({ ResourceType, Tags }) => ({
    ResourceType,
    Tags: [...Tags].sort((one, other) => one.Key.localeCompare(other.Key)),
  }));
  return { version: Number(version), data: { ...data, tags: sorted } };
}

test("workers go back: the reverting change of an image gives their group its former launch template", async () => {
  const roles = { alpha: "active", charlie: "passive" };
  const former = await workerTemplate();

  write(roles, "ami-0fedcba9876543210");
  await apply(ALPHA);
  const changed = await workerTemplate();
  expect(changed.version).toBe(former.version + 1);
  expect(changed.data).toMatchObject({ ImageId: "ami-0fedcba9876543210" });

  write(roles);
  await apply(ALPHA);
  const back = await workerTemplate();
  expect(back).toEqual({ version: changed.version + 1, data: former.data });
});
