import { transformFileSync } from "@swc/core";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type KubernetesCluster, startKubernetes } from "../support/kubernetes";
import { ManagedProcess, httpGet, waitUntil } from "../support/process";

jest.setTimeout(120_000);

const workloads = `
apiVersion: v1
kind: Namespace
metadata: { name: web }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: bridge, namespace: web }
spec:
  selector: { matchLabels: { app: bridge } }
  template:
    metadata: { labels: { app: bridge } }
    spec:
      containers: [{ name: nginx, image: "example/nginx:1" }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: web }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: web, image: "example/web:1" }]
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: DoNotSchedule
          labelSelector: { matchLabels: { app: web } }
`;

const configMap = (name: string) =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "default" },
    data: { a: "b" },
  });

describe("two clusters of one process", () => {
  let cluster: KubernetesCluster;
  let other: KubernetesCluster;

  beforeAll(async () => {
    const zone = (index: number) => ({ "topology.kubernetes.io/zone": `us-east-1${"abc"[index % 3]}` });
    [cluster, other] = await Promise.all([
      startKubernetes({ nodes: 3, nodeLabels: zone }),
      startKubernetes({ nodes: 1 }),
    ]);
  });

  afterAll(() => Promise.all([cluster?.stop(), other?.stop()]));

  test("the API server reports the version that its go.mod names", async () => {
    const { stdout } = await cluster.kubectl(["get", "--raw", "/version"]);
    const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(cluster.version)!;
    expect(JSON.parse(stdout)).toMatchObject({ gitVersion: cluster.version, major, minor });
  });

  test("pods of a DaemonSet and a Deployment turn Ready on every node", async () => {
    await cluster.apply(workloads);
    for (const workload of ["daemonset/bridge", "deployment/web"]) {
      const rollout = await cluster.kubectl(["-n", "web", "rollout", "status", workload, "--timeout=60s"]);
      expect(rollout).toMatchObject({ code: 0 });
    }
    const { stdout } = await cluster.kubectl(["-n", "web", "get", "pods", "-o", "json"]);
    const pods = JSON.parse(stdout).items as Pod[];
    expect(pods.every(isReady)).toBe(true);
    const nodesOf = (app: string) =>
      pods.filter(({ metadata }) => metadata.labels.app === app).map(({ spec }) => spec.nodeName);
    expect(nodesOf("bridge").sort()).toEqual(["node-0", "node-1", "node-2"]);
    expect(nodesOf("web").sort()).toEqual(["node-0", "node-1", "node-2"]);
  });

  test("a pod with the label for it fails", async () => {
    const label = "pod-container-running-failed.stage.kwok.x-k8s.io";
    await cluster.kubectl([
      "run",
      "broken",
      "--image=example/web:1",
      "--restart=Never",
      `--labels=${label}=true`,
    ]);
    const failed = ["wait", "pod/broken", "--for=jsonpath={.status.phase}=Failed", "--timeout=30s"];
    expect(await cluster.kubectl(failed)).toMatchObject({ code: 0 });
  });

  test("an unknown field is refused", async () => {
    const misspelled = workloads.replace("replicas:", "replica:");
    await expect(cluster.apply(misspelled)).rejects.toThrow(/\.spec\.replica: field not declared in schema/);
  });

  test("applied fields belong to skyline", async () => {
    await cluster.apply(configMap("owned"));
    const get = ["get", "configmap", "owned", "-o", "json", "--show-managed-fields"];
    const { metadata } = JSON.parse((await cluster.kubectl(get)).stdout);
    expect(metadata.managedFields).toMatchObject([{ manager: "skyline", operation: "Apply" }]);
  });

  test("a user without rights is refused", async () => {
    await expect(cluster.apply(configMap("refused"), { as: "mallory" })).rejects.toThrow(/"mallory" cannot/);
  });

  test("rights come with the groups of a client certificate", async () => {
    const ca = readFileSync(cluster.caFile, "utf8");
    const readPods = async (groups: string[]) =>
      httpGet(`${cluster.server}/api/v1/pods`, { ca, ...(await cluster.clientCertificate("alice", groups)) });
    const binding = ["create", "clusterrolebinding", "readers", "--clusterrole=view", "--group=team/readers"];
    expect(await cluster.kubectl(binding)).toMatchObject({ code: 0 });
    await expect(readPods(["team/writers"])).rejects.toThrow(/403.*"alice\\" cannot list/s);
    await expect(waitUntil("alice may read", () => readPods(["team/readers"]))).resolves.toContain("PodList");
  });

  test("neither sees what is in the other", async () => {
    await cluster.apply(configMap("here"));
    expect(await other.kubectl(["get", "configmap", "here"])).toMatchObject({ code: 1 });
  });

  test("after stop no process lives and the directory is gone", async () => {
    const pids = cluster.processes.map(({ pid }) => pid);
    expect(pids.filter(isAlive)).toHaveLength(5);
    await cluster.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(cluster.directory)).toBe(false);
    expect(other.processes.filter(({ pid }) => isAlive(pid))).toHaveLength(5);
  });
});

describe("what goes wrong", () => {
  let directory: string;
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), "skyline-harness-"))));
  afterEach(() => rm(directory, { recursive: true, force: true }));

  test("given a part that ends at its start, then the error shows the end of its log and nothing is left", async () => {
    const state = join(directory, "cluster");
    const cluster = startKubernetes({ directory: state, extraApiServerFlags: ["--no-such-flag"] });
    await expect(cluster).rejects.toThrow(/kube-apiserver: it exited with 1.*unknown flag: --no-such-flag/s);
    expect(existsSync(state)).toBe(false);
  });

  test("given a folder with files, then it is refused and left alone", async () => {
    await writeFile(join(directory, "precious"), "");
    await expect(startKubernetes({ directory })).rejects.toThrow(/is not empty/);
    expect(existsSync(join(directory, "precious"))).toBe(true);
  });

  test("given tools that are not built, then the error names the command", async () => {
    const before = process.env.SKYLINE_CACHE;
    process.env.SKYLINE_CACHE = directory;
    try {
      await expect(startKubernetes()).rejects.toThrow(/run "node tools\/build\.mjs/);
    } finally {
      if (before === undefined) delete process.env.SKYLINE_CACHE;
      else process.env.SKYLINE_CACHE = before;
    }
  });

  test("given a process that ignores SIGTERM, then stop kills it after the grace period", async () => {
    const stubborn = await ManagedProcess.start({
      name: "stubborn",
      command: process.execPath,
      args: ["-e", 'process.on("SIGTERM", () => {}); console.log("ignoring"); setInterval(() => {}, 1000)'],
      logFile: join(directory, "log"),
    });
    await stubborn.ready(async () => expect(stubborn.lastLines()).toBe("ignoring"));
    await stubborn.stop(100);
    await expect(stubborn.ended).resolves.toBe("was ended by SIGKILL");
  });

  test("given that the starting process is killed, then what it started ends", async () => {
    const source = transformFileSync(require.resolve("../support/process"), {
      jsc: { parser: { syntax: "typescript" }, target: "es2022" },
      module: { type: "commonjs" },
    });
    await writeFile(join(directory, "process.js"), source.code);
    const script = `
      const { ManagedProcess } = require("./process.js");
      ManagedProcess.start({ name: "sleeper", command: "sleep", args: ["600"], logFile: "log" }).then(({ pid }) => {
        process.stdout.write(String(pid), () => process.kill(process.pid, "SIGKILL"));
      });`;
    const killed = await promisify(execFile)(process.execPath, ["-e", script], { cwd: directory }).catch(
      (error: { signal: string; stdout: string }) => error,
    );
    expect(killed).toMatchObject({ signal: "SIGKILL" });
    const pid = Number(killed.stdout);
    expect(pid).toBeGreaterThan(1);
    await waitUntil("the sleeper has ended", async () => expect(isAlive(pid)).toBe(false), {
      timeoutMs: 5_000,
    });
  });
});

interface Pod {
  metadata: { labels: Record<string, string> };
  spec: { nodeName: string };
  status: { conditions: { type: string; status: string }[] };
}

function isReady({ status }: Pod): boolean {
  return status.conditions.some((condition) => condition.type === "Ready" && condition.status === "True");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
