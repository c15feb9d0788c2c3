import { readFileSync, writeFileSync } from "node:fs";
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
  emulator = await startEmulator({ bin: python.bin, account: environment.account, folder: project.root });
  env = emulatorEnvironment(emulator, environment.account, environment.region);
  await makeBucket(emulator, environment.state?.bucket ?? "");
  await aws(
    env,
    ["ssm", "put-parameter", "--name", "/skyline/images/worker/arm64/latest", "--type", "String"],
    {
      "--value": "ami-0abcdef1234567890",
    },
  );
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

/** Network and cluster; the mesh has a test of its own. */
const stacks = () =>
  awsStacks(project.stacks(environment.environment)).filter(({ name }) => !name.endsWith("-mesh"));

test("is applied stack by stack, and a second plan differs in known deviations alone", async () => {
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
  for (const { folder } of stacks().reverse()) {
    await project.run(folder, ["destroy", "-auto-approve", "-input=false", "-no-color"], env);
    expect((await project.run(folder, ["state", "list"], env)).trim()).toBe("");
  }
  const { clusters } = await aws<{ clusters: string[] }>(env, ["eks", "list-clusters"]);
  expect(clusters).toEqual([]);
  const { Vpcs: vpcs } = await aws<{ Vpcs: { IsDefault: boolean }[] }>(env, ["ec2", "describe-vpcs"]);
  expect(vpcs.filter((vpc) => !vpc.IsDefault)).toEqual([]);
});
