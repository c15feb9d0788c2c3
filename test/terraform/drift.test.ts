import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { driftText } from "../../cli/drift/drift-text";
import { activeApiHost, apiHost, authorityParameter, registry, stackNames } from "../../environment/naming";
import type { Environment } from "../../environment/schema";
import type { DriftReport } from "../../operations/drift/model";
import { prepareAccount } from "../../operations/local/account";
import { emulatorEnvironment, startEmulator, type Emulator } from "../../operations/local/emulator";
import { pythonEnvironment } from "../../operations/local/python";
import { aws } from "../support/aws-cli";
import { AwsRecorder } from "../support/aws-recorder";
import { builtCli } from "../support/built";
import { startCli } from "../support/cli";
import { ConsulServer } from "../support/consul-server";
import { policyAllows, policyIn } from "../support/documented-policy";
import { writeLikeAlpha } from "../support/like-alpha";
import { waitUntil } from "../support/process";
import { REPOSITORY, TerraformProject } from "../support/terraform-project";

jest.setTimeout(900_000);

const ENVIRONMENT = "development";
const BUCKET = "example-tfstate";
const NETWORK = stackNames.network(ENVIRONMENT);
const MESH = stackNames.mesh(ENVIRONMENT);
const ALPHA = stackNames.cluster(ENVIRONMENT, "alpha");
const CHARLIE = stackNames.cluster(ENVIRONMENT, "charlie");
/** In an attribute that the provider calls sensitive, and in a state. */
const SECRET = "c2VlZGVkLXNlY3JldC1vZi10aGUtdGVzdA";

let project: TerraformProject;
let emulator: Emulator;
let consul: ConsulServer;
let environment: Environment;
/** What leads to the emulator, and what leads there by way of who notes and refuses. */
let env: NodeJS.ProcessEnv;
let recorders: readonly AwsRecorder[];
let looking: NodeJS.ProcessEnv;

beforeAll(async () => {
  builtCli();
  const python = await pythonEnvironment(join(REPOSITORY, "tools", "python"));
  project = await TerraformProject.create();
  ["environments", "tmp"].forEach((name) => mkdirSync(join(project.root, name)));
  write({ alpha: "active" });
  const { account, region } = environment;
  [emulator, consul] = await Promise.all([
    startEmulator({ bin: python.bin, account, folder: project.root, clientsOf: environment }),
    ConsulServer.start(ENVIRONMENT),
  ]);
  env = emulatorEnvironment(emulator, account, region);
  await prepareAccount(emulator, { ...emulator, account, region }, environment, new AbortController().signal);
  recorders = await Promise.all([AwsRecorder.open(emulator.aws), AwsRecorder.open(emulator.eks)]);
  looking = {
    ...env,
    ...consul.env,
    AWS_ENDPOINT_URL: recorders[0]?.url,
    AWS_ENDPOINT_URL_EKS: recorders[1]?.url,
    TF_CLI_CONFIG_FILE: join(project.root, "terraform.rc"),
    HOME: project.root,
    TMPDIR: join(project.root, "tmp"),
  };
  await project.apply(folderOf(NETWORK), env);
  await Promise.all([MESH, ALPHA].map((name) => project.apply(folderOf(name), env)));
  await dial({ alpha: 100 });
});

afterAll(async () => {
  await Promise.all([emulator?.stop(), consul?.stop(), ...(recorders ?? []).map((one) => one.close())]);
  await project?.remove();
});

/** Writes the file with clusters that are all another alpha, in these roles, and synthesizes. */
function write(roles: Readonly<Record<string, string>>, workerImage?: string): void {
  environment = writeLikeAlpha(project, { roles, workerImage });
}

const folderOf = (name: string) => project.stacks(ENVIRONMENT).find((stack) => stack.name === name)!.folder;

const dial = (weights: Readonly<Record<string, number>>) =>
  consul.call("PUT", `/v1/kv/skyline/${ENVIRONMENT}/dial`, {
    ...{ generation: 1, weights, by: "anna", why: "a test", at: "2026-11-22T12:00:00Z" },
  });

/** Its platform stacks would need a Kubernetes provider, which no machine of ours has offline. */
const drift = (args: readonly string[] = [], more: NodeJS.ProcessEnv = {}) =>
  startCli(["drift", "--env", ENVIRONMENT, "--no-platforms", ...args], { ...looking, ...more }, project.root)
    .ended;

async function driftJson(more: NodeJS.ProcessEnv = {}) {
  const { code, stdout, stderr } = await drift(["--json"], more);
  const { data } = JSON.parse(stdout) as { data: DriftReport };
  const stack = (name: string) => data.stacks.find((one) => one.stack === name)!;
  return { code, data, stack, said: stdout + stderr };
}

/** Everything that there is to be changed: states and parameters, and the project's own files. */
async function everything() {
  const { Contents: states } = await aws<{ Contents: object[] }>(env, ["s3api", "list-objects-v2"], {
    "--bucket": BUCKET,
  });
  const { Parameters: parameters } = await aws<{ Parameters: object[] }>(env, ["ssm", "describe-parameters"]);
  const files = readdirSync(project.output, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(project.output, name)).isFile())
    .map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(project.output, name)))
        .digest("hex"),
    ]);
  const tmp = readdirSync(join(project.root, "tmp")).filter((name) => name.startsWith("skyline-"));
  return { states, parameters, files, tmp };
}

const putObject = async (name: string, text: string) => {
  const file = join(project.root, "object");
  writeFileSync(file, text);
  const key = `${ENVIRONMENT}/${name}`;
  await aws(env, ["s3api", "put-object"], { "--bucket": BUCKET, "--key": key, "--body": file });
};

const stateOf = (resources: number, role?: string) =>
  JSON.stringify({
    ...{
      version: 4,
      terraform_version: "1.11.4",
      serial: 1,
      lineage: "0f0e0d0c-0000-4000-8000-000000000001",
    },
    outputs: {
      ...(role === undefined ? {} : { cluster_role: { value: role, type: "string" } }),
      token: { value: SECRET, type: "string", sensitive: true },
    },
    resources: Array.from({ length: resources }, (_, i) => ({
      ...{ mode: "managed", type: "terraform_data", name: `r${i}` },
      provider: 'provider["terraform.io/builtin/terraform"]',
      instances: [{ schema_version: 0, attributes: { id: `${i}` }, sensitive_attributes: [] }],
    })),
  });

const codes = ({ findings }: DriftReport) => findings.map(({ code, object }) => `${code} ${object}`).sort();

test("given what was just applied, then there is nothing to say, nothing is written, and a lock is in nobody's way", async () => {
  // Somebody holds the lock of the mesh; who wanted it would wait, and fail.
  await putObject(`${MESH}.tfstate.tflock`, JSON.stringify({ ID: "1", Operation: "OperationTypeApply" }));
  const before = await everything();
  const { code, stdout } = await drift();
  expect(stdout.split("\n")).toEqual([
    "development: no drift: 3 stacks (1 platform stack left out), and alpha is active wherever it is said",
    "",
    "Notes",
    expect.stringMatching(/^ {2}Somebody holds the lock of s3:.*development-mesh\.tfstate/),
    "",
  ]);
  expect(code).toBe(0);
  expect(await everything()).toEqual(before);
  expect(recorders.flatMap(({ refused }) => refused)).toEqual([]);

  const policy = policyIn(join(REPOSITORY, "docs", "commands", "drift.md"));
  const asked = recorders.flatMap(({ requests }) => requests);
  expect(asked.length).toBeGreaterThan(100);
  expect(asked.filter((one) => !policyAllows(policy, one))).toEqual([]);
  await aws(env, ["s3api", "delete-object"], {
    ...{ "--bucket": BUCKET, "--key": `${ENVIRONMENT}/${MESH}.tfstate.tflock` },
  });
});

describe("given changes by hand, an image that was not applied, a Consul that is away, and a state nobody may read", () => {
  let report: Awaited<ReturnType<typeof driftJson>>;
  let text: string;

  beforeAll(async () => {
    const { Vpcs: vpcs } = await aws<{ Vpcs: { VpcId: string; IsDefault: boolean }[] }>(
      env,
      [...["ec2", "describe-vpcs"]],
      { "--filters": `Name=tag:skyline:environment,Values=${ENVIRONMENT}` },
    );
    await aws(env, ["ec2", "create-tags"], {
      ...{ "--resources": vpcs[0]?.VpcId ?? "", "--tags": "Key=owner,Value=bob" },
    });
    const { SecurityGroups: groups } = await aws<{
      SecurityGroups: { GroupId: string; GroupName: string }[];
    }>(env, ["ec2", "describe-security-groups"]);
    const workers = groups.find(({ GroupName }) => /^development-alpha-worker/.test(GroupName))?.GroupId;
    await aws(env, ["ec2", "authorize-security-group-ingress", "--protocol", "tcp", "--port", "22"], {
      ...{ "--group-id": workers ?? "", "--cidr": "0.0.0.0/0" },
    });
    await aws(env, ["iam", "delete-role-policy"], {
      ...{ "--role-name": "development-gateways", "--policy-name": "own" },
    });
    const name = registry.cluster(ENVIRONMENT, "alpha");
    const entry = await aws<{ Parameter: { Value: string } }>(env, ["ssm", "get-parameter"], {
      "--name": name,
    });
    const value = JSON.stringify({ ...(JSON.parse(entry.Parameter.Value) as object), ca: SECRET });
    await aws(env, ["ssm", "put-parameter", "--overwrite"], { "--name": name, "--value": value });
    write({ alpha: "active" }, "ami-0fedcba9876543210");
    await putObject("strange.tfstate", "no state");
    const away = { CONSUL_HTTP_ADDR: "127.0.0.1:1" };
    report = await driftJson(away);
    text = driftText(report.data);
  });

  test("then what was changed outside is told with before and after, and nothing else", () => {
    const change = (path: string, after: string) => ({
      ...{ path, before: { kind: "absent" }, after: { kind: "value", json: JSON.stringify(after) } },
    });
    expect(report.stack(NETWORK).changedOutside).toEqual([
      {
        ...{ address: expect.stringMatching(/^aws_vpc\./), type: "aws_vpc", change: "changed" },
        attributes: [change("tags.owner", "bob")],
      },
    ]);
    expect(report.stack(MESH).changedOutside).toEqual([
      {
        address: expect.stringMatching(/^aws_iam_role_policy\.gateways/),
        ...{ type: "aws_iam_role_policy", change: "gone", attributes: [] },
      },
    ]);
    expect(report.stack(ALPHA).changedOutside).toEqual([
      {
        ...{
          address: expect.stringMatching(/^aws_security_group\./),
          type: "aws_security_group",
          change: "changed",
        },
        attributes: [change("ingress", "tcp 22, 0.0.0.0/0")],
      },
      {
        ...{ address: "aws_ssm_parameter.registry-entry", type: "aws_ssm_parameter", change: "changed" },
        attributes: [{ path: "value", before: { kind: "sensitive" }, after: { kind: "sensitive" } }],
      },
    ]);
    expect(text).toContain('tags.owner: nothing -> "bob"');
    expect(text).toContain('ingress: nothing -> "tcp 22, 0.0.0.0/0"');
    expect(text).toMatch(/gone: aws_iam_role_policy\.gateways/);
    expect(text).toContain("value: (sensitive) -> (sensitive)");
  });

  test("then what was not applied is told apart, and no change by hand is among it", () => {
    expect(report.stack(ALPHA).notApplied).toMatchObject([
      { type: "aws_autoscaling_group", action: "update" },
      { type: "aws_launch_template", action: "update" },
    ]);
    expect(report.stack(NETWORK).notApplied).toEqual([]);
    expect(report.stack(MESH).notApplied).toEqual([]);
    expect(text).toContain(`  ${ALPHA}: 2 to change`);
  });

  test("then it ends with 6, and what could not be looked at is unknown with the reason, and no agreement", () => {
    const { code, data } = report;
    expect(code).toBe(6);
    expect(data.verdict).toBe("incomplete");
    expect(data.unknown).toEqual([
      { what: "dial", reason: expect.stringContaining("127.0.0.1:1"), hint: expect.any(String) },
      {
        what: `state s3://${BUCKET}/${ENVIRONMENT}/strange.tfstate`,
        ...{ reason: expect.any(String), hint: null },
      },
    ]);
    expect(data.active.sources.map(({ source, agrees }) => [source, agrees])).toEqual([
      ["parameter", true],
      ["file", true],
      ["api-name", true],
      ["dial", null],
    ]);
  });

  test("then the secret is nowhere, and no file of Terraform's is left", async () => {
    expect(report.said).not.toContain(SECRET);
    expect(text).not.toContain(SECRET);
    expect((await everything()).tmp).toEqual([]);
  });

  afterAll(async () => {
    const key = `${ENVIRONMENT}/strange.tfstate`;
    await aws(env, ["s3api", "delete-object"], { "--bucket": BUCKET, "--key": key });
  });
});

test("given parameter, file, API name and dial that disagree, and clusters out of step, then each has its finding and its command", async () => {
  write({ alpha: "retiring", bravo: "active", charlie: "passive", delta: "removed" });
  const cluster = (name: string) => `${stackNames.cluster(ENVIRONMENT, name)}.tfstate`;
  await aws(env, ["ssm", "put-parameter", "--overwrite"], {
    ...{ "--name": registry.active(ENVIRONMENT), "--value": "charlie" },
  });
  await dial({ alpha: 90, zulu: 10 });
  await putObject(cluster("delta"), stateOf(3, "retiring"));
  await putObject(cluster("zulu"), stateOf(2, "retiring"));
  await putObject("somebody.tfstate", stateOf(1));
  await putObject(cluster("gone"), stateOf(0));
  const alpha = await aws<{ Parameter: { Value: string } }>(env, ["ssm", "get-parameter"], {
    "--name": registry.cluster(ENVIRONMENT, "alpha"),
  });
  await aws(env, ["ssm", "put-parameter", "--type", "String"], {
    "--name": registry.cluster(ENVIRONMENT, "lost"),
    "--value": JSON.stringify({ ...(JSON.parse(alpha.Parameter.Value) as object), name: "lost" }),
  });
  // What skyline pki init makes before a cluster's first plan.
  for (const name of ["bravo", "charlie"]) {
    await aws(env, ["ssm", "put-parameter", "--type", "String"], {
      ...{ "--name": authorityParameter(ENVIRONMENT, name), "--value": "QUJD" },
    });
  }
  const { code, data, stack, said } = await driftJson();
  expect(data.unknown).toEqual([]);
  expect(code).toBe(3);
  expect(codes(data)).toEqual([
    `api-name-disagrees ${activeApiHost(environment.domain)}`,
    `cluster-not-in-file zulu`,
    `dial-disagrees skyline/${ENVIRONMENT}/dial`,
    `entry-without-cluster ${registry.cluster(ENVIRONMENT, "lost")}`,
    `file-disagrees environments/${ENVIRONMENT}.yaml`,
    `removal-not-applied delta`,
    `state-unexplained s3://${BUCKET}/${ENVIRONMENT}/somebody.tfstate`,
    `step-skipped alpha`,
    `step-skipped bravo`,
    `weight-without-cluster alpha`,
    `weight-without-cluster zulu`,
  ]);
  expect(data.active).toMatchObject({
    cluster: "charlie",
    sources: [
      { value: "charlie", agrees: true },
      { value: "bravo", agrees: false },
      { value: apiHost("alpha", environment.domain), agrees: false },
      { value: "alpha 90, zulu 10", agrees: false },
    ],
  });
  const fixes = Object.fromEntries(data.findings.map(({ code: of, fix }) => [of, fix]));
  expect(fixes).toMatchObject({
    "dial-disagrees": `skyline dial set charlie=100 --env ${ENVIRONMENT}`,
    "api-name-disagrees": `skyline promote charlie --env ${ENVIRONMENT}`,
  });
  expect(stack(CHARLIE).notApplied.every(({ action }) => action === "create")).toBe(true);
  expect(said).not.toContain(SECRET);
});

test("given an interrupt in the middle of plans, then it ends with 130 and leaves nothing behind", async () => {
  const running = startCli(["drift", "--env", ENVIRONMENT, "--no-platforms"], looking, project.root);
  await waitUntil("it plans", async () => expect(running.stderr()).toContain("plans of"), {
    timeoutMs: 300_000,
  });
  running.child.kill("SIGINT");
  expect(await running.ended).toMatchObject({ code: 130, stdout: "" });
  expect((await everything()).tmp).toEqual([]);
});

test("given an AWS that refuses or is away, then it ends with 8 or 9 before it plans", async () => {
  const [recorder] = recorders;
  recorder!.refuse = () => true;
  expect(await drift()).toMatchObject({ code: 8, stderr: expect.stringContaining("docs/commands/drift.md") });
  recorder!.refuse = () => false;
  expect(await drift([], { AWS_ENDPOINT_URL: "http://127.0.0.1:1" })).toMatchObject({ code: 9, stdout: "" });
});
