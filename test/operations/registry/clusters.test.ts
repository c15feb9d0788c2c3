import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { activeApiHost, apiHost, registry } from "../../../environment/naming";
import { emulatorEnvironment, startEmulator, type Emulator } from "../../../operations/local/emulator";
import { pythonEnvironment } from "../../../operations/local/python";
import { aws } from "../../support/aws-cli";
import { builtCli } from "../../support/built";
import { startCli } from "../../support/cli";
import { ConsulServer } from "../../support/consul-server";
import { REPOSITORY } from "../../support/terraform-project";

jest.setTimeout(600_000);

/** The commands against an emulated AWS and a real Consul: what the dial has to say. */
const ENVIRONMENT = "development";
const DOMAIN = "development.example.internal";

let folder: string;
let emulator: Emulator;
let consul: ConsulServer;
let env: NodeJS.ProcessEnv;
let zone: string;

beforeAll(async () => {
  builtCli();
  folder = mkdtempSync(join(tmpdir(), "skyline-registry-"));
  mkdirSync(join(folder, "environments"));
  copyFileSync(
    join(REPOSITORY, "environments", "development.yaml"),
    join(folder, "environments", "development.yaml"),
  );
  const { bin } = await pythonEnvironment(join(REPOSITORY, "tools", "python"));
  [emulator, consul] = await Promise.all([
    startEmulator({ bin, account: "111111111111", folder }),
    ConsulServer.start(ENVIRONMENT),
  ]);
  env = emulatorEnvironment(emulator, "111111111111", "us-east-1");
  for (const [name, kind] of Object.entries({ alpha: "self-managed", bravo: "eks" })) {
    const entry = {
      ...{ name, kind, endpoint: `https://${apiHost(name, DOMAIN)}`, ca: "QUJD", version: "1.35.4" },
      deployer: "arn:aws:iam::111111111111:role/atlantis",
    };
    await put(registry.cluster(ENVIRONMENT, name), JSON.stringify(entry));
  }
  await put(registry.active(ENVIRONMENT), "bravo");
  zone = await privateZone();
});

afterAll(async () => {
  await Promise.all([emulator?.stop(), consul?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const put = (name: string, value: string) =>
  aws(env, ["ssm", "put-parameter", "--overwrite", "--type", "String"], { "--name": name, "--value": value });

/** The environment's zone, with its API's name at another cluster; and a public zone of the same name. */
async function privateZone(): Promise<string> {
  const vpc = await aws<{ Vpc: { VpcId: string } }>(env, ["ec2", "create-vpc"], {
    "--cidr-block": "10.0.0.0/16",
  });
  const make = (...more: string[]) =>
    aws<{ HostedZone: { Id: string } }>(env, ["route53", "create-hosted-zone", ...more], {
      ...{ "--name": DOMAIN, "--caller-reference": more.join().replace(/\W/g, "") },
    });
  await make("--hosted-zone-config", "Comment=public");
  const made = await make("--vpc", `VPCRegion=us-east-1,VPCId=${vpc.Vpc.VpcId}`);
  const record = {
    ...{ Name: activeApiHost(DOMAIN), Type: "CNAME", TTL: 30 },
    ResourceRecords: [{ Value: apiHost("zulu", DOMAIN) }],
  };
  await aws(env, ["route53", "change-resource-record-sets"], {
    "--hosted-zone-id": made.HostedZone.Id,
    "--change-batch": JSON.stringify({ Changes: [{ Action: "CREATE", ResourceRecordSet: record }] }),
  });
  return made.HostedZone.Id;
}

const dial = (weights: Readonly<Record<string, number>>) =>
  consul.call("PUT", `/v1/kv/skyline/${ENVIRONMENT}/dial`, {
    ...{ generation: 1, weights, by: "anna", why: "a test", at: "2026-11-22T12:00:00Z" },
  });

const skyline = (args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
  startCli([...args, "--env", ENVIRONMENT], { ...env, ...consul.env, ...more }, folder).ended;

async function active() {
  const { Parameter } = await aws<{ Parameter: { Value: string } }>(env, ["ssm", "get-parameter"], {
    "--name": registry.active(ENVIRONMENT),
  });
  const { ResourceRecordSets } = await aws<{
    ResourceRecordSets: { Type: string; TTL: number; ResourceRecords: { Value: string }[] }[];
  }>(env, ["route53", "list-resource-record-sets"], { "--hosted-zone-id": zone });
  const record = ResourceRecordSets.find(({ Type }) => Type === "CNAME");
  return { parameter: Parameter.Value, api: record?.ResourceRecords[0]?.Value, ttl: record?.TTL };
}

const before = { parameter: "bravo", api: apiHost("zulu", DOMAIN), ttl: 30 };

describe("skyline promote", () => {
  test("given a dial that is not at 100 for the cluster, then it ends with 4 and moves nothing", async () => {
    await dial({ alpha: 99, bravo: 1 });
    expect(await skyline(["promote", "alpha"])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("cluster alpha has 99 % of the traffic"),
    });
    expect(await active()).toEqual(before);
  });

  test("given a dial that is broken or a Consul that is away, then it moves nothing", async () => {
    await consul.call("PUT", `/v1/kv/skyline/${ENVIRONMENT}/dial`, "no dial");
    expect(await skyline(["promote", "alpha"])).toMatchObject({ code: 4 });
    expect(await skyline(["promote", "alpha"], { CONSUL_HTTP_ADDR: "127.0.0.1:1" })).toMatchObject({
      code: 9,
    });
    expect(await active()).toEqual(before);
  });

  test("given a dial that is gone, then gateways have what was written last, and not what the file says", async () => {
    const audit = `/v1/kv/skyline/${ENVIRONMENT}/audit/dial/1`;
    await consul.call("DELETE", `/v1/kv/skyline/${ENVIRONMENT}/dial`);
    await consul.call("PUT", audit, {
      ...{ generation: 1, weights: { bravo: 100 }, by: "anna", why: "a test", at: "2026-11-22T12:00:00Z" },
      ...{ action: "set", from: null, run: null, override: null },
    });
    expect(await skyline(["promote", "alpha"])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("cluster alpha has 0 % of the traffic"),
    });
    expect(await active()).toEqual(before);
    await consul.call("DELETE", audit);
  });

  test("given a dial at 100, then it moves both, and an EKS cluster's promotion leaves the name", async () => {
    await dial({ alpha: 100 });
    expect(await skyline(["promote", "alpha"])).toMatchObject({ code: 0 });
    expect(await active()).toEqual({ parameter: "alpha", api: apiHost("alpha", DOMAIN), ttl: 30 });
    await dial({ bravo: 100 });
    expect(await skyline(["promote", "bravo"])).toMatchObject({ code: 0 });
    expect(await active()).toEqual({ parameter: "bravo", api: apiHost("alpha", DOMAIN), ttl: 30 });
  });

  test("knows clusters of the file alone, and of the registry alone", async () => {
    expect(await skyline(["promote", "alhpa"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("hint: name one of alpha, bravo"),
    });
    const parameter = registry.cluster(ENVIRONMENT, "alpha");
    const { Parameter } = await aws<{ Parameter: { Value: string } }>(env, ["ssm", "get-parameter"], {
      "--name": parameter,
    });
    await aws(env, ["ssm", "delete-parameter"], { "--name": parameter });
    expect(await skyline(["promote", "alpha", "--override", "x"])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("not in the registry"),
    });
    await put(parameter, Parameter.Value);
  });
});

describe("skyline clusters", () => {
  test("shows file, registry, AWS and dial beside each other", async () => {
    await dial({ bravo: 100 });
    await aws(env, ["eks", "create-cluster", "--kubernetes-version", "1.35"], {
      "--name": "development-bravo",
      "--role-arn": "arn:aws:iam::111111111111:role/x",
      "--resources-vpc-config": "subnetIds=subnet-1",
    });
    const { code, stdout } = await skyline(["clusters", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).data).toMatchObject({
      active: "bravo",
      clusters: [
        { name: "alpha", role: "active", active: false, weight: 0, live: { version: null } },
        {
          name: "bravo",
          role: "passive",
          active: true,
          weight: 100,
          live: { version: "1.35", status: "ACTIVE" },
        },
      ],
    });
  });

  test("given no Consul, then weights are unknown, and it ends with 0 all the same", async () => {
    const { code, stdout, stderr } = await skyline(["clusters"], { CONSUL_HTTP_ADDR: "127.0.0.1:1" });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^bravo +\* +eks +passive +1\.35 +ACTIVE +unknown +unknown /m);
    expect(stderr).toContain("127.0.0.1:1");
  });
});
