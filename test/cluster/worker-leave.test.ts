import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageRoot } from "../../environment/package-root";
import { startKubernetes, type KubernetesCluster } from "../support/kubernetes";
import { kubeconfig } from "../support/kubernetes-kubeconfig";
import { selfManagedPlatform } from "../support/platform";
import { waitUntil } from "../support/process";

/** The program by which a worker leaves, with a kubelet's credentials and against a real API server. */

const folder = mkdtempSync(join(tmpdir(), "skyline-leave-"));
const patience = { timeoutMs: 60_000 };
let cluster: KubernetesCluster;

const container = [{ name: "main", image: "example" }];
const workload = (kind: string, name: string, spec: object) => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { name, namespace: "default" },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: container } },
    ...spec,
  },
});
const onNode = async (node: string) => {
  const { stdout } = await cluster.kubectl([
    "get",
    "pods",
    `--field-selector=spec.nodeName=${node}`,
    "--output=jsonpath={range .items[*]}{.metadata.labels.app}{'\\n'}{end}",
  ]);
  return stdout
    .split("\n")
    .filter((app) => app !== "")
    .sort();
};

/** Runs it as on `node-0`, for at most so many seconds. */
async function leave(seconds: number): Promise<string> {
  const source = join(packageRoot(), "images/ansible/roles/worker/files/worker-leave");
  const program = join(folder, "worker-leave");
  const text = readFileSync(source, "utf8")
    .replace("/var/lib/kubelet/kubeconfig", join(folder, "kubeconfig"))
    .replace("/run/skyline/node-name.env", join(folder, "node-name.env"));
  writeFileSync(program, text, { mode: 0o700 });
  const { stderr } = await promisify(execFile)("python3", [program], {
    env: { ...process.env, PATH: `${folder}:${process.env["PATH"]}`, SKYLINE_DRAIN_SECONDS: String(seconds) },
  });
  return stderr;
}

beforeAll(async () => {
  cluster = await startKubernetes({
    nodes: 2,
    extraApiServerFlags: ["--enable-admission-plugins=NodeRestriction"],
  });
  // A worker has the rights of the bootstrap, and none that the test would give it.
  await cluster.apply(selfManagedPlatform().bootstrapYaml);
  const kubelet = await cluster.clientCertificate("system:node:node-0", ["system:nodes"]);
  writeFileSync(
    join(folder, "kubeconfig"),
    kubeconfig(cluster.server, readFileSync(cluster.caFile, "utf8"), kubelet),
  );
  writeFileSync(join(folder, "node-name.env"), "SKYLINE_NODE_NAME=node-0\nSKYLINE_NODE_ADDRESS=10.0.0.1\n");
  writeFileSync(join(folder, "systemctl"), `#!/bin/sh\necho "$*" >>${folder}/stopped\n`);
  chmodSync(join(folder, "systemctl"), 0o700);

  const spread = [
    {
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: { app: "held" } },
    },
  ];
  const objects = [
    workload("DaemonSet", "bridge", {}),
    workload("Deployment", "free", { replicas: 4 }),
    workload("StatefulSet", "ordered", { replicas: 2, serviceName: "ordered" }),
    workload("Deployment", "held", {
      replicas: 2,
      template: {
        metadata: { labels: { app: "held" } },
        spec: { containers: container, topologySpreadConstraints: spread },
      },
    }),
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "held", namespace: "default" },
      spec: { minAvailable: 2, selector: { matchLabels: { app: "held" } } },
    },
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "bare", namespace: "default", labels: { app: "bare" } },
      spec: { containers: container, nodeName: "node-0" },
    },
  ];
  for (const object of objects) await cluster.apply(JSON.stringify(object));
  await waitUntil(
    "every pod runs, and its budget knows it",
    async () => {
      const [here, there] = [await onNode("node-0"), await onNode("node-1")];
      const { stdout } = await cluster.kubectl([
        "get",
        "pdb",
        "held",
        "--output=jsonpath={.status.currentHealthy}",
      ]);
      if (here.length + there.length !== 11 || stdout !== "2") throw new Error(`${here} ${there} ${stdout}`);
    },
    patience,
  );
}, 180_000);

afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("what a budget holds stays until the patience ends, and all else goes", async () => {
  const said = await leave(15);
  expect(said).toContain("stays for now");
  expect(said).toMatch(/after 15 s the node leaves all the same, with default\/held-\S+$/m);
  expect(await onNode("node-0")).toEqual(["bridge", "held"]);
  expect(readFileSync(join(folder, "stopped"), "utf8")).toBe("stop consul.service\n");
}, 120_000);

test("once the budget allows it, nothing is left but what every node has", async () => {
  await cluster.kubectl(["patch", "pdb", "held", "--type=merge", "--patch", '{"spec":{"minAvailable":1}}']);
  expect(await leave(60)).toContain("node-0 has no pods left that could be elsewhere");
  expect(await onNode("node-0")).toEqual(["bridge"]);
  expect((await onNode("node-1")).filter((app) => app !== "bridge")).toHaveLength(8);
  const { stdout } = await cluster.kubectl([
    "get",
    "node",
    "node-0",
    "--output=jsonpath={.spec.unschedulable}",
  ]);
  expect(stdout).toBe("true");
}, 120_000);
