import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from "@aws-sdk/client-secrets-manager";
import {
  GetParameterCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
  SSMClient,
} from "@aws-sdk/client-ssm";
import { loadEnvironment } from "../../environment/load";
import { isolated } from "../../operations/isolated";
import { emulatorEnvironment, startEmulator, type Emulator } from "../../operations/local/emulator";
import { pythonEnvironment } from "../../operations/local/python";
import { initPki } from "../../operations/pki/init";
import { pkiStatus } from "../../operations/pki/status";
import { AwsGate } from "../support/aws-gate";
import { builtCli } from "../support/built";
import { REPOSITORY } from "../support/terraform-project";

/** `skyline pki` as processes of its own, on an emulated AWS. */

jest.setTimeout(600_000);

const account = "111111111111";
const region = "us-east-1";
const authorities = "skyline/complete/alpha/authorities";
const controllers = "skyline/complete/alpha/controllers";
const etcd = "skyline/complete/alpha/etcd-0";
const parameter = "/skyline/complete/authorities/alpha";
const environmentFile = join(REPOSITORY, "test", "fixtures", "environments", "complete.yaml");
const access = { region, credentials: { accessKeyId: account, secretAccessKey: "emulated" } };

let folder: string;
let emulator: Emulator;
let gate: AwsGate;
let secrets: SecretsManagerClient;
let parameters: SSMClient;

beforeAll(async () => {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  folder = mkdtempSync(join(tmpdir(), "skyline-pki-"));
  mkdirSync(join(folder, "environments"));
  const { bin } = await pythonEnvironment(join(REPOSITORY, "tools", "python"));
  emulator = await startEmulator({ bin, account, folder });
  gate = await AwsGate.open(emulator.aws);
  secrets = new SecretsManagerClient({ ...access, endpoint: emulator.aws });
  parameters = new SSMClient({ ...access, endpoint: emulator.aws });
});

beforeEach(async () => {
  cpSync(environmentFile, join(folder, "environments", "complete.yaml"));
  await fetch(`${emulator.aws}/moto-api/reset`, { method: "POST" });
  gate.passRequest = () => true;
  gate.passAnswer = () => true;
  gate.hold = () => undefined;
  gate.operations.length = 0;
});

afterAll(async () => {
  secrets?.destroy();
  parameters?.destroy();
  await gate?.close();
  await emulator?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

function start(...args: readonly string[]): Run {
  const env = isolated(emulatorEnvironment({ aws: gate.url, eks: emulator.eks }, account, region));
  const child = spawn(process.execPath, [builtCli(), "pki", ...args, "--env", "complete"], {
    cwd: folder,
    env,
  });
  const out = { stdout: "", stderr: "" };
  child.stdout.on("data", (text: Buffer) => (out.stdout += text.toString()));
  child.stderr.on("data", (text: Buffer) => (out.stderr += text.toString()));
  return { child, ended: new Promise((resolve) => child.once("close", (code) => resolve({ code, ...out }))) };
}

const skyline = (...args: readonly string[]) => start(...args).ended;

/** Everything that is stored: current version and text by name. */
async function everything(): Promise<Map<string, string>> {
  const { SecretList = [] } = await secrets.send(new ListSecretsCommand({ MaxResults: 100 }));
  const found = await Promise.all(
    SecretList.map(async ({ Name = "" }): Promise<[string, string]> => {
      const { VersionId, SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: Name }));
      return [Name, `${VersionId} ${SecretString}`];
    }),
  );
  const value = await parameters.send(new GetParameterCommand({ Name: parameter })).then(
    ({ Parameter }) => `${Parameter?.Version} ${Parameter?.Value}`,
    () => undefined,
  );
  return new Map([...found, ...(value === undefined ? [] : [[parameter, value] as const])].sort());
}

async function filesOf(name: string): Promise<Record<string, string>> {
  const { SecretString = "" } = await secrets.send(new GetSecretValueCommand({ SecretId: name }));
  return JSON.parse(SecretString) as Record<string, string>;
}

// Inside this process where the process is not the point: each that is started costs a second.
const wanted = () => loadEnvironment(join(folder, "environments", "complete.yaml"));
const inside = () => ({ endpoint: emulator.aws, credentials: access.credentials });

/** Of each key a line that no other has, and each token. */
const secretTexts = (json: string): string[] =>
  Object.entries(JSON.parse(json) as Record<string, string>).flatMap(([file, text]) =>
    /\.(crt|pub)$/.test(file) ? [] : [text.split("\n")[1] ?? text],
  );

const initialized = async () => {
  await initPki(wanted(), inside());
  return everything();
};

const healthy = async () => expect((await pkiStatus(wanted(), inside())).findings).toEqual([]);

describe("skyline pki init", () => {
  test("makes everything, with description and tags; twice is as once; nothing secret is ever printed", async () => {
    const dry = await skyline("init", "--dry-run", "--json");
    expect(JSON.parse(dry.stdout).data.outcomes).toHaveLength(12);
    expect(await everything()).toEqual(new Map());

    const first = await skyline("init");
    expect(first.code).toBe(0);
    const stored = await everything();
    expect(stored.size).toBe(12);
    const described = await secrets.send(new DescribeSecretCommand({ SecretId: etcd }));
    expect(described).toMatchObject({
      Description: "For etcd member 0. Made by skyline pki",
      Tags: [
        { Key: "skyline:environment", Value: "complete" },
        { Key: "skyline:cluster", Value: "alpha" },
      ],
    });
    const consul = await secrets.send(
      new DescribeSecretCommand({ SecretId: "skyline/complete/consul/servers" }),
    );
    expect(consul.Tags).toEqual([{ Key: "skyline:environment", Value: "complete" }]);
    const tags = await parameters.send(
      new ListTagsForResourceCommand({ ResourceType: "Parameter", ResourceId: parameter }),
    );
    expect(tags.TagList).toEqual(described.Tags);

    const second = await skyline("init");
    expect(second).toMatchObject({
      code: 0,
      stdout: "nothing to do: all 12 secrets and parameters are there\n",
    });
    expect(await everything()).toEqual(stored);
    expect((await skyline("status", "--check")).code).toBe(0);

    const others = [
      await skyline("status"),
      await skyline("renew", "--cluster", "alpha"),
      await skyline("renew", "--consul"),
    ];
    const printed = [dry, first, second, ...others].map(({ stdout, stderr }) => stdout + stderr).join("\n");
    // What was stored at first, and what renewals have put in its place.
    const texts = [...stored, ...(await everything())].flatMap(([name, text]) =>
      name === parameter ? [] : secretTexts(text.replace(/^\S+ /, "")),
    );
    expect(texts.length).toBeGreaterThan(60);
    texts.forEach((text) => expect(printed.includes(text)).toBe(false));
    expect(printed).not.toContain("PRIVATE KEY");
  });

  test("killed before and after each of its writes, goes on from there and changes nothing that was written", async () => {
    const isWrite = (operation: string) => /CreateSecret|PutSecretValue|PutParameter/.test(operation);
    let before = await everything();
    for (let written = 0; written < 12; written++) {
      for (const moment of ["passRequest", "passAnswer"] as const) {
        const run = start("init");
        gate[moment] = ({ operation }) => {
          if (!isWrite(operation)) {
            return true;
          }
          run.child.kill("SIGKILL");
          return false;
        };
        expect((await run.ended).code).toBeNull();
        gate[moment] = () => true;
        const after = await everything();
        expect(after.size).toBe(written + (moment === "passAnswer" ? 1 : 0));
        before.forEach((stored, name) => expect(after.get(name)).toBe(stored));
        before = after;
      }
    }
    const { code, stdout } = await skyline("init");
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: "nothing to do: all 12 secrets and parameters are there\n",
    });
    expect(await everything()).toEqual(before);
    await healthy();
  });

  test("run five times at once makes one authority, and secrets that fit", async () => {
    const runs = await Promise.all(Array.from({ length: 5 }, () => skyline("init", "--json")));
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    const created = runs.flatMap(({ stdout }) =>
      (JSON.parse(stdout).data.outcomes as { action: string; name: string }[])
        .filter(({ action }) => action === "created")
        .map(({ name }) => name),
    );
    const stored = await everything();
    expect(created.sort()).toEqual([...stored.keys()]);
    // They did meet: more was tried than is there.
    expect(gate.operations.filter((name) => /CreateSecret|PutParameter/.test(name)).length).toBeGreaterThan(
      12,
    );
    for (const name of stored.keys()) {
      if (name !== parameter) {
        const { Versions } = await secrets.send(new ListSecretVersionIdsCommand({ SecretId: name }));
        expect(Versions).toHaveLength(1);
      }
    }
    await healthy();
  });

  test("heals a secret that has lost a file or was made without a value, as one new version", async () => {
    await secrets.send(new CreateSecretCommand({ Name: authorities }));
    await initialized();
    const before = await filesOf(controllers);
    const { "apiserver.key": _, ...rest } = before;
    await secrets.send(
      new PutSecretValueCommand({ SecretId: controllers, SecretString: JSON.stringify(rest) }),
    );
    const { code, stdout } = await skyline("init", "--json");
    expect(code).toBe(0);
    expect(
      (JSON.parse(stdout).data.outcomes as { action: string }[]).filter(
        ({ action }) => action !== "unchanged",
      ),
    ).toEqual([
      {
        kind: "secret",
        name: controllers,
        cluster: "alpha",
        action: "completed",
        files: ["apiserver.crt", "apiserver.key"],
      },
    ]);
    expect({ ...(await filesOf(controllers)), "apiserver.crt": "", "apiserver.key": "" }).toEqual({
      ...before,
      "apiserver.crt": "",
      "apiserver.key": "",
    });
    await healthy();
  });

  test("does not make a second authority for certificates that stand, nor one in the place of a deleted one", async () => {
    await initialized();
    await secrets.send(new DeleteSecretCommand({ SecretId: authorities }));
    expect(await skyline("init")).toMatchObject({
      code: 5,
      stderr: expect.stringContaining(`aws secretsmanager restore-secret --secret-id ${authorities}`),
    });
    await secrets.send(new RestoreSecretCommand({ SecretId: authorities }));
    await secrets.send(new DeleteSecretCommand({ SecretId: authorities, ForceDeleteWithoutRecovery: true }));
    const before = await everything();
    expect(await skyline("init")).toMatchObject({ code: 5, stderr: expect.stringContaining("are lost") });
    expect(await everything()).toEqual(before);
  });

  test("leaves what is not its own as it is, and does not quote it", async () => {
    await secrets.send(new CreateSecretCommand({ Name: authorities, SecretString: "hunter2 {" }));
    const { code, stdout, stderr } = await skyline("init", "--debug");
    expect(code).toBe(5);
    expect(stdout + stderr).not.toContain("hunter2");
    expect((await everything()).get(authorities)).toContain("hunter2 {");
  });

  test("uses the KMS key that is asked for", async () => {
    await skyline("init", "--kms-key", "alias/production");
    const { KmsKeyId } = await secrets.send(new DescribeSecretCommand({ SecretId: controllers }));
    expect(KmsKeyId).toBe("alias/production");
  });
});

describe("skyline pki status --check", () => {
  test("ends with 3 for an environment that has nothing, with a line for each thing and what makes it", async () => {
    const { code, stderr } = await skyline("status", "--check");
    expect(code).toBe(3);
    expect(stderr).toContain(`${etcd}: there is no such secret\n  skyline pki init --env complete\n`);
    expect((await skyline("status")).code).toBe(0);
  });

  test("ends with 3 once the file has another domain, until the certificates are renewed", async () => {
    await initialized();
    const file = join(folder, "environments", "complete.yaml");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("domain: complete.example.internal", "domain: new.example.internal"));
    const { code, stdout, stderr } = await skyline("status", "--check");
    expect(code).toBe(3);
    expect(stdout).toContain("wrong-names");
    expect(stderr).toContain("lacks DNS:api.alpha.new.example.internal");
    expect((await skyline("renew", "--cluster", "alpha")).code).toBe(0);
    await healthy();
  });

  test("ends with 3 where the parameter is another authority's", async () => {
    await initialized();
    await parameters.send(new PutParameterCommand({ Name: parameter, Value: "b3RoZXI=", Overwrite: true }));
    const { code, stderr } = await skyline("status", "--check");
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringContaining(`${parameter}: is not the certificate of the cluster's authority`),
    });
  });
});

describe("skyline pki renew", () => {
  test("moves AWSCURRENT to new certificates of the same authority, of the secret that is named alone", async () => {
    const before = await initialized();
    expect((await skyline("renew", "--cluster", "alpha", "--secret", "etcd-0", "--dry-run")).code).toBe(0);
    expect(await everything()).toEqual(before);

    const { code, stdout } = await skyline("renew", "--cluster", "alpha", "--secret", "etcd-0", "--json");
    expect(code).toBe(0);
    const after = await everything();
    expect([...after].filter(([name, stored]) => before.get(name) !== stored).map(([name]) => name)).toEqual([
      etcd,
    ]);
    const { Versions = [] } = await secrets.send(new ListSecretVersionIdsCommand({ SecretId: etcd }));
    const current = Versions.find(({ VersionStages }) => VersionStages?.includes("AWSCURRENT"))?.VersionId;
    expect(JSON.parse(stdout)).toMatchObject({ data: { renewals: [{ secret: etcd, version: current }] } });
    expect(Versions.map(({ VersionStages }) => VersionStages).sort()).toEqual([
      ["AWSCURRENT"],
      ["AWSPREVIOUS"],
    ]);
    await healthy();
  });

  test("works again from a version that somebody went back to", async () => {
    await initialized();
    const versionOf = async () =>
      (await secrets.send(new GetSecretValueCommand({ SecretId: etcd }))).VersionId;
    const first = await versionOf();
    await skyline("renew", "--cluster", "alpha", "--secret", "etcd-0");
    const second = await versionOf();
    await secrets.send(
      new UpdateSecretVersionStageCommand({
        SecretId: etcd,
        VersionStage: "AWSCURRENT",
        MoveToVersionId: first,
        RemoveFromVersionId: second,
      }),
    );
    expect((await skyline("renew", "--cluster", "alpha", "--secret", "etcd-0")).code).toBe(0);
    expect([first, second]).not.toContain(await versionOf());
    await healthy();
  });

  test("run twice at once: one renews, and the other ends with 5", async () => {
    await initialized();
    // Both have read before either writes.
    let writes = 0;
    let both: () => void = () => undefined;
    const met = new Promise<void>((resolve) => (both = resolve));
    gate.hold = ({ operation }) => {
      if (!operation.endsWith("PutSecretValue")) {
        return undefined;
      }
      if (++writes === 2) {
        both();
      }
      return met;
    };
    const args = ["renew", "--cluster", "alpha", "--secret", "etcd-0"];
    const runs = await Promise.all([skyline(...args), skyline(...args)]);
    expect(runs.map(({ code }) => code).sort()).toEqual([0, 5]);
    await healthy();
  });
});
