import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RegistryEntry } from "../../../environment/naming";
import { isolated } from "../../../operations/isolated";
import { entriesOf } from "../../../operations/kubeconfig/entries";
import { updateFile } from "../../../operations/kubeconfig/file";
import { merge } from "../../../operations/kubeconfig/merge";
import type { Ended } from "../../support/cli";
import { EksTokenWebhook, type Identity } from "../../support/eks-token-webhook";
import { startKubernetes, type KubernetesCluster } from "../../support/kubernetes";

jest.setTimeout(600_000);

/** The real kubectl and the real AWS CLI, by a refreshed kubeconfig, at two real API servers. */
const anna: Identity = {
  accessKey: "AKIAANNA000000000000",
  secretKey: "anna's",
  user: { username: "anna", groups: ["system:masters"] },
};
/** IAM knows him; no cluster has an entry for him. */
const stranger: Identity = { accessKey: "AKIASTRANGER00000000", secretKey: "stranger's" };

const names = ["alpha", "bravo"];
let folder: string;
let kubeconfig: string;
let webhooks: EksTokenWebhook[];
let clusters: KubernetesCluster[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "skyline-kubeconfig-"));
  kubeconfig = join(folder, "config");
  webhooks = await Promise.all(
    names.map((name) => EksTokenWebhook.start(`development-${name}`, [anna, stranger])),
  );
  clusters = await Promise.all(
    names.map((name, index) => {
      const config = join(folder, `webhook-${name}`);
      writeFileSync(config, webhooks[index]!.config);
      return startKubernetes({ authenticationWebhookConfig: config });
    }),
  );
  await refresh("alpha");
});

afterAll(async () => {
  await Promise.all((clusters ?? []).map((cluster) => cluster.stop()));
  await Promise.all((webhooks ?? []).map((webhook) => webhook.stop()));
  rmSync(folder, { recursive: true, force: true });
});

/** What a refresh writes when the registry has these two clusters, and this one is active. */
async function refresh(active: string): Promise<void> {
  const entries = clusters.map(({ server, caFile }, index): RegistryEntry => ({
    name: names[index]!,
    kind: index === 0 ? "self-managed" : "eks",
    endpoint: server,
    ca: readFileSync(caFile).toString("base64"),
    version: "1.35",
    deployer: "arn:aws:iam::111111111111:role/atlantis",
  }));
  const registry = { environment: "development", active, clusters: entries };
  const wanted = {
    entries: entriesOf({ registry, region: "us-east-1", credentials: { source: "aws" } }),
    goes: () => true,
    fallback: () => "development",
  };
  await updateFile(kubeconfig, (text) => merge(text, wanted, kubeconfig).text);
}

function kubectl({ accessKey, secretKey }: Identity, ...args: string[]): Promise<Ended> {
  const env = isolated({
    ...{ HOME: folder, KUBECONFIG: kubeconfig, KUBECTL_KUBERC: "false" },
    ...{ AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey },
    ...{ AWS_CONFIG_FILE: "/dev/null", AWS_SHARED_CREDENTIALS_FILE: "/dev/null" },
  });
  return new Promise((resolve) =>
    execFile("kubectl", args, { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? NaN), stdout, stderr }),
    ),
  );
}

const whoami = ["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"];

test.each(names)("kubectl reaches %s by its own context, as who IAM says", async (name) => {
  expect(await kubectl(anna, "--context", `development-${name}`, ...whoami)).toMatchObject({
    code: 0,
    stdout: "anna",
  });
});

test("the environment's context is the active cluster, before a cutover and after it", async () => {
  const reached = async () => {
    const { stdout } = await kubectl(anna, "--context", "development", "cluster-info");
    return names.find((_, index) => stdout.includes(clusters[index]!.server));
  };
  expect(await reached()).toBe("alpha");
  await refresh("bravo");
  expect(await reached()).toBe("bravo");
  expect(await kubectl(anna, "--context", "development", ...whoami)).toMatchObject({ stdout: "anna" });
  await refresh("alpha");
});

test("an identity without an entry gets 401", async () => {
  const { code, stderr } = await kubectl(stranger, "--context", "development", "get", "nodes");
  expect(code).toBe(1);
  expect(stderr).toMatch(/must be logged in to the server|Unauthorized/);
});

test("a token for another cluster gets 401", async () => {
  const mixed = ["--context", "development-alpha", "--user", "development-bravo", "get", "nodes"];
  const { code, stderr } = await kubectl(anna, ...mixed);
  expect(code).toBe(1);
  expect(stderr).toMatch(/must be logged in to the server|Unauthorized/);
});
