import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { judge } from "../../operations/local/deviations";
import {
  emulatorEnvironment,
  makeBucket,
  startEmulator,
  type Emulator,
} from "../../operations/local/emulator";
import { pythonEnvironment } from "../../operations/local/python";
import { awsStacks } from "../../operations/synthesized";
import { scenarioEnvironment } from "../support/scenario";
import { REPOSITORY, TerraformProject } from "../support/terraform-project";
import { aws } from "../support/aws-cli";

jest.setTimeout(600_000);

/** The scenario in which everything that can be chosen is chosen otherwise, applied for real. */
const environment = scenarioEnvironment("own-images");
let project: TerraformProject;
let emulator: Emulator;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  const python = await pythonEnvironment(join(REPOSITORY, "tools", "python"));
  project = await TerraformProject.create(environment);
  emulator = await startEmulator({
    bin: python.bin,
    account: environment.account,
    folder: project.root,
    clientsOf: environment,
  });
  env = emulatorEnvironment(emulator, environment.account, environment.region);
  await makeBucket(emulator, environment.state?.bucket ?? "");
  for (const image of ["worker/arm64", "gateway"]) {
    await aws(env, ["ssm", "put-parameter", "--type", "String"], {
      "--name": `/skyline/images/${image}/latest`,
      "--value": "ami-0abcdef1234567890",
    });
  }
});

afterAll(async () => {
  await emulator?.stop();
  // A client that had to repeat a create is worth knowing of, though AWS too would answer it.
  const log = readFileSync(join(project.root, "ministack.log"), "utf8");
  process.stderr.write(
    log
      .split("\n")
      .filter((line) => line.includes("repeated with token"))
      .map((line) => `${line}\n`)
      .join(""),
  );
  await project?.remove();
});

/** The network, and what is on it. */
const stacks = () => awsStacks(project.stacks(environment.environment));

test("is applied, mesh and cluster at once on their network, and a second plan differs in known deviations alone", async () => {
  const [network, ...onIt] = stacks();
  expect([network, ...onIt].map((stack) => stack?.name)).toEqual([
    "own-images-network",
    "own-images-mesh",
    "own-images-cluster-charlie",
  ]);
  await project.apply(network?.folder ?? "", env);
  await Promise.all(onIt.map(({ folder }) => project.apply(folder, env)));
  const differences = [];
  for (const { folder } of stacks()) differences.push(...(await project.planAgain(folder, env)));
  expect(judge(differences).unexplained).toEqual([]);
});

test("a node gets the user data of the golden file, with the cluster's endpoint in its place", async () => {
  const { cluster } = await aws<{ cluster: { endpoint: string } }>(env, ["eks", "describe-cluster"], {
    "--name": "own-images-charlie",
  });
  expect(cluster.endpoint).toMatch(/^https:/);
  for (const group of ["general", "memory"]) {
    const { LaunchTemplateVersions: versions } = await aws<{
      LaunchTemplateVersions: { LaunchTemplateData: { UserData: string; ImageId: string } }[];
    }>(env, ["ec2", "describe-launch-template-versions"], {
      "--launch-template-name": `own-images-charlie-${group}`,
    });
    const data = versions.at(-1)?.LaunchTemplateData;
    const golden = readFileSync(
      join(
        REPOSITORY,
        "test",
        "scenarios",
        "own-images",
        "expected",
        "user-data",
        `own-images-charlie-${group}.txt`,
      ),
      "utf8",
    );
    // The emulator's authority is empty.
    const expected = golden
      .replace("@@ENDPOINT@@", cluster.endpoint)
      .replace("@@CERTIFICATE_AUTHORITY@@", "");
    expect(Buffer.from(data?.UserData ?? "", "base64").toString("utf8")).toBe(expected);
    expect(data?.ImageId).toBe(group === "general" ? "ami-0abcdef1234567890" : "ami-0fedcba9876543210");
  }
});

test("servers and gateways of the mesh are launched, over three zones, with the tags that find them", async () => {
  const { Reservations: reservations } = await aws<{
    Reservations: { Instances: { Tags: { Key: string; Value: string }[] }[] }[];
  }>(env, ["ec2", "describe-instances"]);
  const tagged = (key: string, value: string) =>
    reservations
      .flatMap(({ Instances }) => Instances)
      .filter(({ Tags }) => Tags.some((tag) => tag.Key === key && tag.Value === value));
  expect(tagged("skyline:consul", "own-images")).toHaveLength(5);
  expect(tagged("Name", "own-images-gateways")).toHaveLength(3);
  // The emulator itself launches all of a group in its first subnet.
  const { AutoScalingGroups: groups } = await aws<{ AutoScalingGroups: { VPCZoneIdentifier: string }[] }>(
    env,
    ["autoscaling", "describe-auto-scaling-groups"],
  );
  const { Subnets: subnets } = await aws<{ Subnets: { SubnetId: string; AvailabilityZone: string }[] }>(env, [
    "ec2",
    "describe-subnets",
  ]);
  const zoneOf = new Map(subnets.map(({ SubnetId, AvailabilityZone }) => [SubnetId, AvailabilityZone]));
  const zones = groups.map(({ VPCZoneIdentifier }) =>
    VPCZoneIdentifier.split(",").map((id) => zoneOf.get(id)),
  );
  const all = ["eu-central-1a", "eu-central-1b", "eu-central-1c"];
  expect(zones.map((of) => of.sort())).toEqual([all, all]);
});

test("a Consul server's user data names the key that the apply has made", async () => {
  const { LaunchTemplateVersions: versions } = await aws<{
    LaunchTemplateVersions: { LaunchTemplateData: { UserData: string } }[];
  }>(env, ["ec2", "describe-launch-template-versions"], {
    "--launch-template-name": "own-images-consul-servers",
  });
  const script = Buffer.from(versions.at(-1)?.LaunchTemplateData.UserData ?? "", "base64").toString("utf8");
  expect(script).toMatch(
    /^SKYLINE_SNAPSHOT_KEY_ARN="arn:aws:kms:eu-central-1:222222222222:key\/[-0-9a-f]{36}"$/m,
  );
  expect(script).not.toContain("@@");
});

test("state holds no secret", async () => {
  for (const { folder } of stacks()) {
    const state = await project.run(folder, ["state", "pull"], env);
    expect(state).toContain('"resources"');
    expect(state).not.toMatch(/PRIVATE KEY|secret_string|"[A-Za-z0-9+/]{43}="/);
  }
});

test("given credentials of another account, Terraform refuses before it makes anything", async () => {
  const [network] = stacks();
  const file = join(network?.folder ?? "", "cdk.tf.json");
  const original = readFileSync(file, "utf8");
  const foreign = original.replace(/("allowed_account_ids": \[\s*)"222222222222"/, '$1"333333333333"');
  expect(foreign).not.toBe(original);
  writeFileSync(file, foreign);
  try {
    await expect(
      project.run(network?.folder ?? "", ["plan", "-input=false", "-no-color"], env),
    ).rejects.toThrow(/AWS account ID not allowed: 222222222222/i);
  } finally {
    writeFileSync(file, original);
  }
});

test("is destroyed without a trace", async () => {
  const [network, ...onIt] = stacks();
  const destroy = async (folder: string) => {
    await project.run(folder, ["destroy", "-auto-approve", "-input=false", "-no-color"], env);
    expect((await project.run(folder, ["state", "list"], env)).trim()).toBe("");
  };
  await Promise.all(onIt.map(({ folder }) => destroy(folder)));
  await destroy(network?.folder ?? "");
  const { clusters } = await aws<{ clusters: string[] }>(env, ["eks", "list-clusters"]);
  expect(clusters).toEqual([]);
  const { AutoScalingGroups: groups } = await aws<{ AutoScalingGroups: unknown[] }>(env, [
    "autoscaling",
    "describe-auto-scaling-groups",
  ]);
  expect(groups).toEqual([]);
  const { Vpcs: vpcs } = await aws<{ Vpcs: { VpcId: string; IsDefault: boolean }[] }>(env, [
    "ec2",
    "describe-vpcs",
  ]);
  const clients = environment.network.clients.map(({ vpc }) => vpc);
  expect(vpcs.filter(({ IsDefault }) => !IsDefault).map(({ VpcId }) => VpcId)).toEqual(clients);
});
