import { join } from "node:path";
import { differencesIn, judge } from "../../operations/local/deviations";
import {
  emulatorEnvironment,
  makeBucket,
  startEmulator,
  type Emulator,
} from "../../operations/local/emulator";
import { pythonEnvironment } from "../../operations/local/python";
import { awsStacks } from "../../operations/synthesized";
import { aws } from "../support/aws-cli";
import { scenarioEnvironment } from "../support/scenario";
import { REPOSITORY, TerraformProject } from "../support/terraform-project";

jest.setTimeout(600_000);

/** The mesh of the scenario in which everything that can be chosen is chosen otherwise, applied for real. */
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
  await aws(env, ["ssm", "put-parameter", "--name", "/skyline/images/gateway/latest", "--type", "String"], {
    "--value": "ami-0abcdef1234567890",
  });
});

afterAll(async () => {
  await emulator?.stop();
  await project?.remove();
});

const stacks = () =>
  awsStacks(project.stacks(environment.environment)).filter(({ name }) => /-(network|mesh)$/.test(name));

test("is applied after the network, and a second plan differs in known deviations alone", async () => {
  expect(stacks().map(({ name }) => name)).toEqual(["own-images-network", "own-images-mesh"]);
  const differences = [];
  for (const { folder } of stacks()) {
    await project.run(folder, ["init", "-input=false", "-no-color"], env);
    await project.run(folder, ["apply", "-auto-approve", "-input=false", "-no-color"], env);
    await project.run(folder, ["plan", "-input=false", "-no-color", "-out=second.tfplan"], env);
    differences.push(
      ...differencesIn(JSON.parse(await project.run(folder, ["show", "-json", "second.tfplan"], env))),
    );
  }
  expect(judge(differences).unexplained).toEqual([]);
});

test("servers and gateways are launched, over three zones, with the tags that find them", async () => {
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

test("a server's user data names the key that the apply has made", async () => {
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

test("is destroyed without a trace", async () => {
  for (const { folder } of stacks().reverse()) {
    await project.run(folder, ["destroy", "-auto-approve", "-input=false", "-no-color"], env);
    expect((await project.run(folder, ["state", "list"], env)).trim()).toBe("");
  }
  const { AutoScalingGroups: groups } = await aws<{ AutoScalingGroups: unknown[] }>(env, [
    "autoscaling",
    "describe-auto-scaling-groups",
  ]);
  expect(groups).toEqual([]);
});
