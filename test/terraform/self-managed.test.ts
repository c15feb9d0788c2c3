import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App } from "cdktf";
import { authorityParameter } from "../../environment/naming";
import type { Environment } from "../../environment/schema";
import { differencesIn, judge } from "../../operations/local/deviations";
import { emulatorEnvironment, startEmulator, type Emulator } from "../../operations/local/emulator";
import { pythonEnvironment } from "../../operations/local/python";
import { awsStacks } from "../../operations/synthesized";
import { addEnvironment } from "../../stacks/environment-stacks";
import { aws } from "../support/aws-cli";
import { scenarioEnvironment } from "../support/scenario";
import { REPOSITORY, TerraformProject } from "../support/terraform-project";

jest.setTimeout(600_000);

const SCENARIO = "self-managed-cluster";
const { clusters, ...shared } = scenarioEnvironment(SCENARIO);
/** The active cluster alone: the other differs from it in protections. */
const environment: Environment = {
  ...shared,
  clusters: { alpha: clusters.alpha as Environment["clusters"][string] },
};
const AUTHORITY = Buffer.from("-----BEGIN CERTIFICATE-----\nof a test\n-----END CERTIFICATE-----\n").toString(
  "base64",
);
const IMAGES = {
  etcd: "ami-0e7cd000000000000",
  controller: "ami-0c000000000000000",
  worker: "ami-0abcdef1234567890",
};
let project: TerraformProject;
let emulator: Emulator;
let env: NodeJS.ProcessEnv;

const parameter = (name: string, value: string) =>
  aws(env, ["ssm", "put-parameter", "--type", "String"], { "--name": name, "--value": value });

beforeAll(async () => {
  const python = await pythonEnvironment(join(REPOSITORY, "tools", "python"));
  project = await TerraformProject.create(environment);
  emulator = await startEmulator({ bin: python.bin, account: environment.account, folder: project.root });
  env = emulatorEnvironment(emulator, environment.account, environment.region);
  for (const cluster of Object.keys(environment.clusters)) {
    await parameter(authorityParameter(environment.environment, cluster), AUTHORITY);
  }
  for (const [role, id] of Object.entries({ ...IMAGES, gateway: "ami-09a7e000000000000" })) {
    await parameter(`/skyline/images/${role}/latest`, id);
  }
});

afterAll(async () => {
  await emulator?.stop();
  await project?.remove();
});

/** Network and clusters; the mesh is no part of this. */
const stacks = () =>
  awsStacks(project.stacks(environment.environment)).filter(({ name }) => !name.endsWith("-mesh"));
const folderOf = (stack: string) =>
  stacks().find(({ name }) => name === `${environment.environment}-${stack}`)?.folder ?? `no stack ${stack}`;
const terraform = (folder: string, ...args: string[]) => project.run(folder, [...args, "-no-color"], env);
const state = (stack: string) => project.run(folderOf(stack), ["state", "list"], env);

async function apply(folder: string): Promise<void> {
  await terraform(folder, "init", "-input=false");
  await terraform(folder, "apply", "-auto-approve", "-input=false");
}

/** The same project with its cluster in another role, beside one that has taken its place and that nobody applies. */
function synthesizeWithRole(role: "active" | "retiring" | "removed"): void {
  const { alpha, zulu } = clusters as Required<Pick<Environment["clusters"], "alpha" | "zulu">>;
  const app = new App({ outdir: project.output });
  addEnvironment(app, {
    ...shared,
    clusters: {
      alpha: { ...alpha, role },
      ...(role === "active" ? {} : { zulu: { ...zulu, role: "active" } }),
    } as Environment["clusters"],
  });
  app.synth();
}

test("is applied stack by stack, and a second plan differs in known deviations alone", async () => {
  const differences = [];
  for (const { folder } of stacks()) {
    await apply(folder);
    await terraform(folder, "plan", "-input=false", "-out=second.tfplan");
    differences.push(
      ...differencesIn(JSON.parse(await project.run(folder, ["show", "-json", "second.tfplan"], env))),
    );
  }
  expect(judge(differences).unexplained).toEqual([]);
});

interface Group {
  readonly AutoScalingGroupName: string;
  readonly MinSize: number;
  readonly MaxSize: number;
  readonly DesiredCapacity: number;
  readonly VPCZoneIdentifier: string;
  readonly TargetGroupARNs: string[];
}

test("each etcd member is a group of one in its own zone, where its volume and interface are", async () => {
  const { AutoScalingGroups: groups } = await aws<{ AutoScalingGroups: Group[] }>(env, [
    "autoscaling",
    "describe-auto-scaling-groups",
  ]);
  const { Volumes: volumes } = await aws<{
    Volumes: {
      VolumeId: string;
      AvailabilityZone: string;
      Encrypted: boolean;
      Tags?: { Key: string; Value: string }[];
    }[];
  }>(env, ["ec2", "describe-volumes"]);
  const { NetworkInterfaces: interfaces } = await aws<{
    NetworkInterfaces: {
      AvailabilityZone: string;
      SubnetId: string;
      TagSet: { Key: string; Value: string }[];
    }[];
  }>(env, ["ec2", "describe-network-interfaces"]);
  const named = (tags: { Key: string; Value: string }[] = [], name: string) =>
    tags.some(({ Key, Value }) => Key === "Name" && Value === name);

  for (const [index, zone] of ["eu-central-1a", "eu-central-1b", "eu-central-1c"].entries()) {
    const name = `self-managed-alpha-etcd-${index}`;
    const group = groups.find(({ AutoScalingGroupName }) => AutoScalingGroupName === name);
    expect(group).toMatchObject({ MinSize: 1, MaxSize: 1, DesiredCapacity: 1 });
    const networkInterface = interfaces.find(
      ({ TagSet, SubnetId }) => named(TagSet, name) && SubnetId === group?.VPCZoneIdentifier,
    );
    expect(networkInterface?.AvailabilityZone).toBe(zone);
    const volume = volumes.filter(({ Tags, Encrypted }) => named(Tags, name) && Encrypted);
    expect(volume.map(({ AvailabilityZone }) => AvailabilityZone)).toContain(zone);
  }
  const controllers = groups.find(
    ({ AutoScalingGroupName }) => AutoScalingGroupName === "self-managed-alpha-controllers",
  );
  expect(controllers?.TargetGroupARNs).toHaveLength(1);
});

test("nodes get the user data of the golden files, with what is known only now in its place", async () => {
  const outputs = JSON.parse(await project.run(folderOf("cluster-alpha"), ["show", "-json"], env)) as {
    values: {
      root_module: {
        resources: { type: string; values: Record<string, string> & { tags?: { Name: string } } }[];
      };
    };
  };
  const resource = (type: string, name?: string) =>
    outputs.values.root_module.resources.find(
      ({ type: found, values }) => found === type && (name === undefined || values.tags?.Name === name),
    )?.values ?? {};
  const member = "self-managed-alpha-etcd-1";
  const key = resource("aws_kms_key").arn ?? "";
  const places: Record<string, string> = {
    "@@CERTIFICATE_AUTHORITY@@": AUTHORITY,
    "@@ENCRYPTION_KEY_ARN@@": key,
    "@@SNAPSHOT_KEY_ARN@@": key,
    "@@VOLUME_ID@@": resource("aws_ebs_volume", member).id ?? "",
    "@@INTERFACE_ID@@": resource("aws_network_interface", member).id ?? "",
    "@@ADDRESS@@": resource("aws_network_interface", member).private_ip ?? "",
  };
  expect(Object.values(places)).not.toContain("");
  for (const [name, image] of [
    [member, IMAGES.etcd],
    ["self-managed-alpha-controllers", IMAGES.controller],
    ["self-managed-alpha-general", IMAGES.worker],
  ] as const) {
    const { LaunchTemplateVersions: versions } = await aws<{
      LaunchTemplateVersions: { LaunchTemplateData: { UserData: string; ImageId: string } }[];
    }>(env, ["ec2", "describe-launch-template-versions"], { "--launch-template-name": name });
    const data = versions.at(-1)?.LaunchTemplateData;
    const golden = readFileSync(
      join(REPOSITORY, "test", "scenarios", SCENARIO, "expected", "user-data", `${name}.txt`),
      "utf8",
    );
    const expected = Object.entries(places).reduce(
      (text, [place, value]) => text.replaceAll(place, value),
      golden,
    );
    const given = Buffer.from(data?.UserData ?? "", "base64");
    expect(given.toString("utf8")).toBe(expected);
    expect(given.toString("utf8")).not.toContain("@@");
    expect(given.length).toBeLessThan(16 * 1024);
    expect(data?.ImageId).toBe(image);
  }
});

test("neither state nor user data has a secret in it", () => {
  for (const cluster of Object.keys(environment.clusters)) {
    const text = readFileSync(
      join(project.root, `terraform.${environment.environment}-cluster-${cluster}.tfstate`),
      "utf8",
    );
    expect(text).toContain("aws_autoscaling_group");
    expect(text).not.toMatch(/PRIVATE KEY|aws_secretsmanager/);
    const encoded = [...text.matchAll(/"user_data": "([A-Za-z0-9+/=]+)"/g)].map(([, data]) => data ?? "");
    expect(encoded.length).toBeGreaterThanOrEqual(5);
    for (const data of encoded) {
      expect(Buffer.from(data, "base64").toString("utf8")).not.toContain("PRIVATE KEY");
    }
  }
});

test("the registry says where the cluster is", async () => {
  const { Parameter: entry } = await aws<{ Parameter: { Value: string } }>(env, ["ssm", "get-parameter"], {
    "--name": "/skyline/self-managed/clusters/alpha",
  });
  expect(JSON.parse(entry.Value)).toEqual({
    name: "alpha",
    kind: "self-managed",
    endpoint: "https://api.alpha.own.example.internal",
    ca: AUTHORITY,
    version: "1.35.4",
    deployer: environment.access.deployer,
  });
});

test("a cluster that is not retired cannot be destroyed", async () => {
  await expect(
    terraform(folderOf("cluster-alpha"), "destroy", "-auto-approve", "-input=false"),
  ).rejects.toThrow(/Instance cannot be destroyed/);
  expect(await state("cluster-alpha")).toContain("aws_ebs_volume.");
});

test("a cluster that was retired and then removed leaves an empty state and nothing behind", async () => {
  synthesizeWithRole("retiring");
  await apply(folderOf("cluster-alpha"));
  expect(await state("cluster-alpha")).toContain("aws_ebs_volume.");
  synthesizeWithRole("removed");
  await apply(folderOf("cluster-alpha"));
  expect((await state("cluster-alpha")).trim()).toBe("");
  // A network wants an active cluster to seed its parameter from.
  synthesizeWithRole("active");
  await terraform(folderOf("network"), "destroy", "-auto-approve", "-input=false");
  expect((await state("network")).trim()).toBe("");
  const { AutoScalingGroups: groups } = await aws<{ AutoScalingGroups: unknown[] }>(env, [
    "autoscaling",
    "describe-auto-scaling-groups",
  ]);
  expect(groups).toEqual([]);
  const { LoadBalancers: balancers } = await aws<{ LoadBalancers: unknown[] }>(env, [
    "elbv2",
    "describe-load-balancers",
  ]);
  expect(balancers).toEqual([]);
  const { Roles: roles } = await aws<{ Roles: { RoleName: string }[] }>(env, ["iam", "list-roles"]);
  expect(roles.map(({ RoleName }) => RoleName).filter((name) => name.includes("self-managed"))).toEqual([]);
});
