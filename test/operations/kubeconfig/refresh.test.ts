import { X509Certificate } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { CreateClusterCommand, EKSClient } from "@aws-sdk/client-eks";
import { DeleteParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { parse } from "yaml";
import { loadEnvironment } from "../../../environment/load";
import { registry, type RegistryEntry } from "../../../environment/naming";
import { startEmulator, type Emulator } from "../../../operations/local/emulator";
import { pythonEnvironment } from "../../../operations/local/python";
import { initPki } from "../../../operations/pki/init";
import { AwsGate } from "../../support/aws-gate";
import { builtCli } from "../../support/built";
import { startCli } from "../../support/cli";
import { REPOSITORY } from "../../support/terraform-project";

jest.setTimeout(600_000);

/**
 * The command against registries of two environments in two accounts of one region. The user's keys are of development's;
 * profiles take on a role in each, and the emulator keeps what it has by account, as AWS does.
 */
const accounts = { development: "111111111111", staging: "222222222222" } as const;
const REGION = "us-east-1";
type Name = keyof typeof accounts;
interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

let folder: string;
let emulator: Emulator;
let kubeconfig: string;
let keys: Readonly<Record<Name, Keys>>;

beforeAll(async () => {
  builtCli();
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  folder = mkdtempSync(join(tmpdir(), "skyline-kubeconfig-"));
  kubeconfig = join(folder, "kube", "config");
  mkdirSync(join(folder, "environments"));
  for (const name of ["development", "staging"] as const) {
    const text = readFileSync(join(REPOSITORY, "environments", "development.yaml"), "utf8")
      .replace("environment: development", `environment: ${name}`)
      .replaceAll("111111111111", accounts[name]);
    writeFileSync(join(folder, "environments", `${name}.yaml`), text);
  }
  const own = { accessKeyId: accounts.development, secretAccessKey: "emulated" };
  writeFileSync(
    join(folder, "credentials"),
    `[default]\naws_access_key_id = ${own.accessKeyId}\naws_secret_access_key = ${own.secretAccessKey}\n`,
  );
  writeFileSync(
    join(folder, "aws"),
    Object.entries(accounts)
      .map(
        ([name, account]) => `[profile ${name}]\nrole_arn = ${roleIn(account)}\nsource_profile = default\n`,
      )
      .join(""),
  );
  const { bin } = await pythonEnvironment(join(REPOSITORY, "tools", "python"));
  emulator = await startEmulator({ bin, account: accounts.development, folder });
  keys = { development: own, staging: await assumed(roleIn(accounts.staging)) };
  for (const name of ["development", "staging"] as const) {
    await publish(name, "alpha", "self-managed");
    await publish(name, "bravo", "eks");
    await activate(name, "alpha");
  }
});

afterAll(async () => {
  await emulator?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const roleIn = (account: string) => `arn:aws:iam::${account}:role/reader`;

/** Keys of a role, as STS gives them to whoever asks the emulator. */
async function assumed(role: string): Promise<Keys> {
  const answer = await fetch(emulator.aws, {
    method: "POST",
    headers: { authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${REGION}/sts/aws4_request` },
    body: new URLSearchParams({ Action: "AssumeRole", RoleArn: role, RoleSessionName: "test" }),
  });
  const [, accessKeyId = ""] = /<AccessKeyId>(\w+)</.exec(await answer.text()) ?? [];
  return { accessKeyId, secretAccessKey: "emulated" };
}

const settings = (account: Name) => ({
  endpoint: emulator.aws,
  region: REGION,
  credentials: keys[account],
});

const put = (account: Name, Name: string, Value: string) =>
  new SSMClient(settings(account)).send(
    new PutParameterCommand({ Name, Value, Type: "String", Overwrite: true }),
  );

const remove = (account: Name, Name: string) =>
  new SSMClient(settings(account)).send(new DeleteParameterCommand({ Name }));

/** In its account; or in another's, which has an environment of the same name. */
const publish = (name: Name, cluster: string, kind: RegistryEntry["kind"], account = name) =>
  put(
    account,
    registry.cluster(name, cluster),
    JSON.stringify({
      ...{ name: cluster, kind, endpoint: `https://${cluster}.${name}.example.com`, ca: "QUJD" },
      ...{ version: "1.35", deployer: `arn:aws:iam::${accounts[account]}:role/atlantis` },
    }),
  );

const activate = (name: Name, cluster: string) => put(name, registry.active(name), cluster);

/** The command as a process, with profiles for credentials and the emulator for AWS. */
function skyline(args: readonly string[], more: NodeJS.ProcessEnv = {}) {
  const env = {
    ...{ HOME: folder, AWS_ENDPOINT_URL: emulator.aws, AWS_ENDPOINT_URL_EKS: emulator.eks },
    ...{ AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials"), AWS_CONFIG_FILE: join(folder, "aws") },
    ...{ AWS_EC2_METADATA_DISABLED: "true", KUBECONFIG: kubeconfig, ...more },
  };
  return startCli(["kubeconfig", ...args], env, folder).ended;
}

const both = ["--env", "development", "--env", "staging", "--profile", "staging=staging"];
const kubectl = async (...args: string[]) =>
  (await promisify(execFile)("kubectl", ["--kubeconfig", kubeconfig, "config", ...args])).stdout;
const text = () => readFileSync(kubeconfig, "utf8");

test("given two environments in two accounts, then their contexts are there in one run, and kubectl reads them", async () => {
  expect(await skyline(["--refresh", ...both])).toMatchObject({ code: 0 });
  expect((await kubectl("get-contexts", "-o", "name")).trim().split("\n").sort()).toEqual([
    ...["development", "development-alpha", "development-bravo"],
    ...["staging", "staging-alpha", "staging-bravo"],
  ]);
  expect(statSync(kubeconfig).mode & 0o777).toBe(0o600);
  const { users, contexts } = parse(text());
  expect(contexts[0]).toMatchObject({ name: "development", context: { cluster: "development-alpha" } });
  expect(users.at(-1).user.exec).toEqual({
    apiVersion: "client.authentication.k8s.io/v1beta1",
    command: "aws",
    args: [
      "--region",
      "us-east-1",
      "eks",
      "get-token",
      "--cluster-name",
      "staging-bravo",
      "--output",
      "json",
    ],
    env: [{ name: "AWS_PROFILE", value: "staging" }],
    interactiveMode: "IfAvailable",
    provideClusterInfo: false,
  });
  expect(await kubectl("view", "--raw", "-o", "json")).toContain("client.authentication.k8s.io/v1beta1");
});

test("environments of two accounts are read at the same time, each by its role", async () => {
  const gate = await AwsGate.open(emulator.aws);
  const asked = new Set<string>();
  let meet: () => void;
  const met = new Promise<void>((resolve) => (meet = resolve));
  // Nobody gets an answer on one registry before the other one was asked for, too.
  gate.hold = ({ body }) => {
    const name = Object.keys(accounts).find((each) => body.includes(`/skyline/${each}/`));
    if (name === undefined) return undefined;
    asked.add(name);
    if (asked.size === 2) meet();
    return met;
  };
  const file = join(folder, "two-accounts");
  const profiles = ["--profile", "development=development", "--profile", "staging=staging"];
  const args = ["--refresh", "--env", "development", "--env", "staging", ...profiles, "--kubeconfig", file];
  try {
    expect(await skyline(args, { AWS_ENDPOINT_URL: gate.url })).toMatchObject({ code: 0 });
  } finally {
    await gate.close();
  }
  const { contexts, users } = parse(readFileSync(file, "utf8"));
  expect(contexts).toHaveLength(6);
  expect(users.map(({ user }: { user: { exec: object } }) => user.exec)).toEqual(
    ["development", "development", "staging", "staging"].map((value) =>
      expect.objectContaining({ env: [{ name: "AWS_PROFILE", value }] }),
    ),
  );
  // With the keys of one account alone, the other's registry is not there.
  const alone = [...args.slice(0, 5), "--kubeconfig", join(folder, "one-account"), "--json"];
  const { code, stdout } = await skyline(alone);
  expect(code).toBe(6);
  expect(JSON.parse(stdout)).toMatchObject({
    data: { environments: [{ failure: null }, { environment: "staging", failure: "refused" }] },
  });
});

test("a second run leaves every byte, and --check ends with 0; also after kubectl has written the file anew", async () => {
  const before = text();
  expect(await skyline(["--refresh", ...both])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("nothing to do"),
  });
  expect(text()).toBe(before);
  await kubectl("set-context", "development", "--namespace=team");
  const written = text();
  expect(await skyline(["--check", ...both])).toMatchObject({ code: 0 });
  expect(await skyline(["--refresh", ...both])).toMatchObject({ code: 0 });
  expect(text()).toBe(written);
});

describe("after a cutover", () => {
  beforeAll(async () => {
    await activate("development", "bravo");
    await new EKSClient({ ...settings("development"), endpoint: emulator.eks }).send(
      new CreateClusterCommand({
        name: "development-bravo",
        roleArn: "arn:aws:iam::111111111111:role/x",
        resourcesVpcConfig: { subnetIds: ["subnet-1"] },
      }),
    );
  });

  test("--check ends with 3 and --dry-run shows the difference; neither writes, nor shows a secret", async () => {
    const before = text();
    const checked = await skyline(["--check", "--env", "development", "--json"]);
    expect(checked.code).toBe(3);
    expect(JSON.parse(checked.stdout)).toMatchObject({
      ok: false,
      exitCode: 3,
      data: {
        stale: true,
        written: false,
        changes: [{ section: "contexts", name: "development", action: "changed" }],
      },
    });
    const dry = await skyline(["--dry-run", "--env", "development"]);
    expect(dry.code).toBe(0);
    expect(dry.stdout).toContain("-cluster: development-alpha\n");
    expect(dry.stdout).toContain("+cluster: development-bravo\n");
    expect(text()).toBe(before);
  });

  test("a refresh moves the environment's context, with its namespace; --use makes it the current one", async () => {
    expect(await skyline(["--refresh", "--env", "development", "--use"])).toMatchObject({ code: 0 });
    const { contexts, "current-context": current } = parse(text());
    expect(current).toBe("development");
    const context = contexts.find(({ name }: { name: string }) => name === "development").context;
    expect(context).toMatchObject({ cluster: "development-bravo", namespace: "team" });
  });

  test("a cluster that is gone is told of, and removed with --prune alone", async () => {
    await remove("development", registry.cluster("development", "alpha"));
    const kept = await skyline(["--refresh", "--env", "development", "--json"]);
    expect(JSON.parse(kept.stdout)).toMatchObject({ data: { gone: ["development-alpha"], written: false } });
    expect(await skyline(["--refresh", "--env", "development", "--prune"])).toMatchObject({ code: 0 });
    expect(text()).not.toContain("development-alpha");
    expect(text()).toContain("staging-alpha");
    await publish("development", "alpha", "self-managed");
  });
});

test("without the environment's file its region is enough; a role and the authenticator stand in the contexts", async () => {
  const file = join(folder, "ci");
  const args = ["--env", "development", "--region", "us-east-1", "--directory", folder, "--kubeconfig", file];
  const role = "arn:aws:iam::111111111111:role/ci";
  const authenticator = join(folder, "aws-iam-authenticator");
  writeFileSync(authenticator, "#!/bin/sh\necho {}\n");
  chmodSync(authenticator, 0o755);
  const more = ["--role", role, "--token", "aws-iam-authenticator"];
  const path = { PATH: `${folder}:${process.env.PATH}` };
  expect(await skyline(["--refresh", ...args, ...more], path)).toMatchObject({ code: 0 });
  const { users } = parse(readFileSync(file, "utf8"));
  expect(users[0].user.exec).toMatchObject({
    command: "aws-iam-authenticator",
    args: ["token", "--cluster-id", "development-alpha", "--region", "us-east-1", "--role", role],
  });
});

test("--admin: a certificate of at most 8 hours, in a context of its own", async () => {
  const environment = loadEnvironment(join(folder, "environments", "development.yaml"));
  await initPki(environment, {
    clusters: ["alpha"],
    endpoint: emulator.aws,
    credentials: keys.development,
  });
  const args = ["--refresh", "--env", "development", "--admin", "alpha"];
  expect(await skyline([...args, "--admin-for", "9h"])).toMatchObject({ code: 2 });
  const { code, stdout, stderr } = await skyline([...args, "--admin-for", "8h", "--json"]);
  expect(code).toBe(0);
  const { contexts, users } = parse(text());
  const named = ({ name }: { name: string }) => name === "development-alpha-admin";
  expect(contexts.find(named).context).toMatchObject({ cluster: "development-alpha" });
  const { user } = users.find(named);
  const certificate = new X509Certificate(Buffer.from(user["client-certificate-data"], "base64"));
  expect(certificate.subject).toMatch(/^O=system:masters\nCN=skyline:admin:/);
  const hours = (Date.parse(certificate.validTo) - Date.now()) / 3_600_000;
  expect(hours).toBeLessThanOrEqual(8);
  expect(hours).toBeGreaterThan(7.9);
  expect(stdout + stderr).not.toContain(user["client-key-data"]);
  expect(await skyline(["--refresh", "--env", "development", "--admin", "bravo"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("EKS"),
  });
});

describe("--admin of a cluster", () => {
  const admin = (cluster: string) => ["--env", "development", "--admin", cluster];
  afterAll(() => publish("development", "alpha", "self-managed"));

  test("that is not in the registry: 4, with those that are; the file stays", async () => {
    await remove("development", registry.cluster("development", "alpha"));
    const before = text();
    for (const mode of ["--refresh", "--dry-run", "--check"]) {
      expect(await skyline([mode, ...admin("alpha")])).toMatchObject({
        code: 4,
        stderr: expect.stringMatching(/cluster alpha is not in the registry of development[^]*bravo/),
      });
    }
    expect(text()).toBe(before);
  });

  test("that the environment's file does not have: 2, with the name that was meant", async () => {
    expect(await skyline(["--refresh", ...admin("alpa")])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("did you mean alpha?"),
    });
  });
});

describe("refused, with the file as it was", () => {
  const one = ["--refresh", "--env", "staging", "--profile", "staging"];
  const unchanged = async (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const before = text();
    const ended = await skyline(args, env);
    expect(text()).toBe(before);
    return ended;
  };

  test("AWS that cannot be reached: 9", async () => {
    const nowhere = { AWS_ENDPOINT_URL: "http://127.0.0.1:1", AWS_MAX_ATTEMPTS: "1" };
    expect(await unchanged(one, nowhere)).toMatchObject({ code: 9 });
  });

  test("an account that is not the environment's: 8", async () => {
    // What those credentials lead to is another account's registry of the same name.
    await publish("development", "alpha", "eks", "staging");
    expect(await unchanged(["--refresh", "--env", "development", "--profile", "staging"])).toMatchObject({
      code: 8,
      stderr: expect.stringContaining("account 222222222222"),
    });
  });

  test("an EKS cluster that is not up: 4", async () => {
    await activate("staging", "bravo");
    expect(await unchanged(one)).toMatchObject({ code: 4, stderr: expect.stringContaining("NOT FOUND") });
  });

  test("no active cluster: 4; with another environment beside it: 6, and that one is refreshed", async () => {
    await remove("staging", registry.active("staging"));
    expect(await unchanged(one)).toMatchObject({ code: 4 });
    const { code, stdout } = await skyline(["--refresh", ...both, "--json"]);
    expect(code).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject({
      errors: [{ object: "staging", code: "refused" }],
      data: { environments: [{ environment: "development", failure: null }, { failure: "refused" }] },
    });
    await activate("staging", "alpha");
  });

  test("an AWS CLI that is too old: 4; one that is missing: 4", async () => {
    const bin = join(folder, "bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "aws"), "#!/bin/sh\necho aws-cli/2.6.2 Python/3.9\n");
    chmodSync(join(bin, "aws"), 0o755);
    expect(await unchanged(one, { PATH: bin })).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("2.6.3"),
    });
    expect(await unchanged(one, { PATH: folder })).toMatchObject({ code: 4 });
  });

  test("a damaged kubeconfig: 2, with line and column", async () => {
    const file = join(folder, "damaged");
    writeFileSync(file, "apiVersion: v1\nclusters: [\n");
    const ended = await skyline([...one, "--kubeconfig", file]);
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining(`${file}:3:1  not readable`) });
    expect(readFileSync(file, "utf8")).toBe("apiVersion: v1\nclusters: [\n");
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  test("a command line that says not what to do, or too much: 2", async () => {
    expect(await skyline(["--env", "development"])).toMatchObject({ code: 2 });
    expect(await skyline(["--refresh", ...both, "--use"])).toMatchObject({ code: 2 });
  });
});
