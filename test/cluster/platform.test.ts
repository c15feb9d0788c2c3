import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { DEPLOYER_GROUP } from "../../environment/naming";
import { resourceShapes } from "../../operations/manifests/resource-shapes";
import { toYaml } from "../../operations/manifests/yaml";
import { type KubernetesCluster, startKubernetes } from "../support/kubernetes";
import { kubeconfig } from "../support/kubernetes-kubeconfig";
import { Kubectl } from "../support/kubernetes-kubectl";
import { OpenApi } from "../support/openapi";
import { type Platform, developmentPlatform } from "../support/platform";
import { waitUntil } from "../support/process";

jest.setTimeout(120_000);

const NODES = 4;
const TAINTED = "node-3";

let cluster: KubernetesCluster;
let platform: Platform;
let deployer: Kubectl;
let directory: string;

beforeAll(async () => {
  platform = developmentPlatform();
  directory = await mkdtemp(join(tmpdir(), "skyline-platform-"));
  cluster = await startKubernetes({ nodes: NODES });
  await admin("taint", "node", TAINTED, "dedicated=batch:NoSchedule");
  deployer = await userOf("deployer", [DEPLOYER_GROUP]);
});
afterAll(async () => {
  await cluster?.stop();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

/** Runs kubectl as the administrator. */
async function admin(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(args);
  if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr}`);
  return stdout;
}

const get = async <T>(...what: string[]) => JSON.parse(await admin("get", ...what, "-o", "json")) as T;
const list = async <T>(...what: string[]) => (await get<{ items: T[] }>(...what)).items;

/** kubectl of someone with a client certificate. */
async function userOf(user: string, groups: readonly string[]): Promise<Kubectl> {
  const file = join(directory, `${user}.kubeconfig`);
  const pair = await cluster.clientCertificate(user, groups);
  await writeFile(file, kubeconfig(cluster.server, await readFile(cluster.caFile, "utf8"), pair));
  return new Kubectl(file, directory);
}

/** What AmazonEKSAdminPolicy at the scope of a namespace comes to. */
const adminOf = (namespace: string) => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "RoleBinding",
  metadata: { name: "eks-admin-policy", namespace },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "admin" },
  subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "deployer" }],
});

/** Each object of the platform with its resource version. */
async function versions(): Promise<Record<string, string>> {
  const { stdout } = await cluster.kubectl(["get", "-f", "-", "-o", "json"], { input: platform.yaml });
  const { items } = JSON.parse(stdout) as { items: Versioned[] };
  expect(items).toHaveLength(platform.manifests.length);
  return Object.fromEntries(
    items.map(({ kind, metadata }) => [`${kind} ${metadata.name}`, metadata.resourceVersion]),
  );
}

interface Versioned {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
}

interface Pod {
  readonly spec: {
    readonly nodeName: string;
    readonly containers: readonly Container[];
    readonly volumes: readonly { readonly name: string }[];
    readonly [field: string]: unknown;
  };
  readonly status: {
    readonly podIP: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

interface Container {
  readonly ports: readonly { readonly name: string }[];
  readonly securityContext: object;
  readonly lifecycle: object;
}

interface Slice {
  readonly endpoints: readonly { readonly addresses: readonly string[] }[] | null;
  readonly ports: readonly { readonly port: number }[] | null;
}

interface DaemonSet {
  readonly spec: { readonly updateStrategy: object };
  readonly status: DaemonSetStatus;
}

interface DaemonSetStatus {
  readonly updatedNumberScheduled?: number;
  readonly numberUnavailable?: number;
}

const BRIDGES = "app.kubernetes.io/name=skyline-bridge";
const podsOf = (selector: string) => list<Pod>("pods", "-l", selector);
const addressesOf = async (selector: string) =>
  (await podsOf(selector)).map(({ status }) => status.podIP).sort();

/** Addresses and ports to which kube-proxy would lead a call of the Service `organization`. */
async function endpoints(): Promise<{ addresses: string[]; ports: number[] }> {
  const slices = await list<Slice>("endpointslices", "-l", "kubernetes.io/service-name=organization");
  return {
    addresses: slices.flatMap((slice) => (slice.endpoints ?? []).flatMap((end) => end.addresses)).sort(),
    ports: slices.flatMap((slice) => (slice.ports ?? []).map(({ port }) => port)),
  };
}

describe("given an admin's bootstrap, the deployer", () => {
  test("without it cannot apply the platform", async () => {
    await expect(deployer.apply(platform.yaml)).rejects.toThrow(/"deployer" cannot/);
  });

  test("applies all of the platform", async () => {
    await cluster.apply(platform.bootstrapYaml);
    await cluster.apply(JSON.stringify(adminOf("default")));
    const { stdout } = await waitUntil("the rights are known", () => deployer.apply(platform.yaml));
    // As an access policy would have it, whose namespaces need not be there.
    await cluster.apply(JSON.stringify(adminOf("skyline-system")));
    expect(stdout.trim().split("\n")).toHaveLength(platform.manifests.length);
    expect(stdout).not.toMatch(/unchanged/);
  });

  test("gets a bridge on every node, also on the tainted one, one node after the other", async () => {
    const pods = await waitUntil("every pod is Ready", async () => {
      const ready = (await podsOf(BRIDGES)).filter(({ status }) =>
        status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"),
      );
      expect(ready).toHaveLength(NODES);
      return ready;
    });
    expect(pods.map(({ spec }) => spec.nodeName).sort()).toEqual(["node-0", "node-1", "node-2", TAINTED]);
    const { spec } = await get<DaemonSet>("daemonset/skyline-bridge");
    expect(spec.updateStrategy).toEqual({
      type: "RollingUpdate",
      rollingUpdate: { maxSurge: 0, maxUnavailable: 1 },
    });
  });

  test("changes nothing by a second apply, and sees no difference", async () => {
    await admin("rollout", "status", "daemonset/skyline-bridge", "--timeout=60s");
    const before = await versions();
    const { stdout } = await deployer.apply(platform.yaml);
    expect(stdout.trim().split("\n")).toHaveLength(platform.manifests.length);
    expect(await versions()).toEqual(before);
    const difference = ["diff", "--server-side", "--field-manager=skyline", "-f", "-"];
    expect(await deployer.run(difference, { input: platform.yaml })).toMatchObject({ code: 0, stdout: "" });
  });

  const FORBIDDEN = /forbidden|cannot/i;
  test.each([
    ["read secrets of kube-system", ["get", "secrets", "-n", "kube-system"]],
    ["read secrets of all namespaces", ["get", "secrets", "-A"]],
    ["list namespaces", ["get", "namespaces"]],
    ["read another namespace", ["get", "namespace", "kube-system"]],
    ["delete another namespace", ["delete", "namespace", "kube-public", "--wait=false"]],
    ["write to another namespace", ["create", "configmap", "x", "-n", "kube-public"]],
    ["label another namespace", ["label", "namespace", "default", "a=b"]],
    ["change Kubernetes' own priorities", ["label", "priorityclass", "system-node-critical", "a=b"]],
    ["read nodes", ["get", "nodes"]],
    [
      "bind a cluster role to all",
      ["create", "clusterrolebinding", "x", "--clusterrole=view", "--user=deployer"],
    ],
    ["make a cluster role", ["create", "clusterrole", "x", "--verb=get", "--resource=pods"]],
    ["change its own rights", ["label", "clusterrole", "skyline-deployer", "a=b"]],
    [
      "raise itself in its namespace",
      ["create", "rolebinding", "x", "--clusterrole=cluster-admin", "--user=deployer"],
    ],
    ["act as an admin", ["get", "nodes", "--as=admin", "--as-group=system:masters"]],
  ])("cannot %s", async (_, args) => {
    const { code, stderr } = await deployer.run(args);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(FORBIDDEN) });
  });

  test("makes a namespace, as Terraform does, and has no rights in one that is not its own", async () => {
    expect(await deployer.run(["create", "namespace", "other"])).toMatchObject({ code: 0 });
    for (const args of [
      ["create", "configmap", "x", "-n", "other"],
      ["delete", "namespace", "other"],
    ]) {
      expect(await deployer.run(args)).toMatchObject({ code: 1, stderr: expect.stringMatching(FORBIDDEN) });
    }
  });

  test("is refused a field that nobody knows", async () => {
    const misspelled = platform.yaml.replace("readOnlyRootFilesystem", "readOnlyRootFileSystem");
    expect(misspelled).not.toBe(platform.yaml);
    await expect(deployer.apply(misspelled)).rejects.toThrow(
      /readOnlyRootFileSystem: field not declared in schema/,
    );
  });
});

describe("a pod of the bridge", () => {
  let pod: Pod;
  let container: Container;
  beforeAll(async () => {
    [pod] = (await podsOf(BRIDGES)) as [Pod];
    [container] = pod.spec.containers as [Container];
  });

  test("runs without root, capabilities, a writable root or a token", () => {
    expect(pod.spec.securityContext).toEqual({
      ...{ runAsNonRoot: true, runAsUser: 101, runAsGroup: 101, fsGroup: 101 },
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(container.securityContext).toEqual({
      ...{ allowPrivilegeEscalation: false, privileged: false, readOnlyRootFilesystem: true },
      capabilities: { drop: ["ALL"] },
    });
    expect(pod.spec.automountServiceAccountToken).toBe(false);
    expect(pod.spec.volumes.map(({ name }) => name)).toEqual(["configuration", "temporary"]);
  });

  test("has the priority of the mesh as a number", () => {
    expect(pod.spec).toMatchObject({
      ...{ priorityClassName: "skyline-mesh", priority: 1_000_000_000 },
      preemptionPolicy: "PreemptLowerPriority",
    });
  });

  test("takes inbound traffic on the node's port, and its health is on the node's loopback alone", () => {
    const ports = Object.fromEntries(container.ports.map(({ name, ...port }) => [name, port]));
    expect(ports).toEqual({
      inbound: { containerPort: 5041, hostPort: 5041, protocol: "TCP" },
      outbound: { containerPort: 5043, protocol: "TCP" },
      health: { containerPort: 5044, hostPort: 5044, hostIP: "127.0.0.1", protocol: "TCP" },
    });
  });

  test("has time to end, and goes on taking requests while others learn that it ends", () => {
    expect(container.lifecycle).toEqual({ preStop: { exec: { command: ["sleep", "5"] } } });
    // The configuration lets requests in flight take 60 s.
    expect(pod.spec.terminationGracePeriodSeconds).toBe(75);
  });
});

describe("handover of organization", () => {
  const IGNORED = ["spec[0].selector", "spec[0].port[0].target_port"];

  /** What `skyline mesh handover` does: selector and target port in one update, by a manager of its own. */
  const handOver = (selector: object, targetPort: number) =>
    cluster.apply(
      JSON.stringify({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "organization", namespace: "default" },
        spec: { selector, ports: [{ port: 8080, protocol: "TCP", targetPort }] },
      }),
      { fieldManager: "skyline-handover", forceConflicts: true },
    );
  const follows = (addresses: string[], port: number) =>
    waitUntil("the endpoints follow", async () =>
      expect(await endpoints()).toEqual({ addresses, ports: [port] }),
    );
  test("before it, the Service leads to the bridges and to nothing else", async () => {
    const addresses = await addressesOf(BRIDGES);
    expect(new Set(addresses).size).toBe(NODES);
    await follows(addresses, 5043);
  });

  test("to Kubernetes, the endpoints follow, and an apply of the platform does not take it back", async () => {
    await admin("create", "deployment", "organization", "--image=example/organization:1", "--replicas=2");
    await admin("rollout", "status", "deployment/organization", "--timeout=60s");
    const own = await addressesOf("app=organization");
    expect(own).toHaveLength(2);

    await handOver({ app: "organization" }, 8080);
    await follows(own, 8080);
    const conflict = deployer.apply(platform.yaml);
    await expect(conflict).rejects.toThrow(/conflicts with "skyline-handover"/);
    await expect(conflict).rejects.toThrow(/\.spec\.selector/);
    await expect(conflict).rejects.toThrow(/\.spec\.ports\[port=8080,protocol="TCP"\]\.targetPort/);
    await follows(own, 8080);
  });

  test("Terraform leaves exactly the two fields alone", () => {
    const service = platform.stack.only("kubernetes_service_v1");
    expect(service.lifecycle).toEqual({ ignore_changes: IGNORED });
    const others = platform.stack
      .addresses()
      .filter((address) => !address.startsWith("kubernetes_service_v1."));
    const lifecycles = [...new Set(others.map((address) => address.split(".")[0] ?? ""))].flatMap((type) =>
      platform.stack.all(type).map(({ lifecycle }) => lifecycle),
    );
    expect(lifecycles).toEqual(others.map(() => undefined));
  });

  test("and back, the endpoints follow, and the platform applies again", async () => {
    await handOver({ "app.kubernetes.io/name": "skyline-bridge" }, 5043);
    await follows(await addressesOf(BRIDGES), 5043);
    await deployer.apply(platform.yaml);
    await follows(await addressesOf(BRIDGES), 5043);
  });
});

describe("what is rolled out", () => {
  test("given another configuration, then one node at a time gets it", async () => {
    const changed = platform.yaml.replace(/(skyline\/configuration: )\w+/, "$1another");
    expect(changed).not.toBe(platform.yaml);
    await deployer.apply(changed);
    // A pod counts as available ten seconds after it is Ready, and until then no other node is touched.
    const seen: DaemonSetStatus[] = [];
    const secondNode = async () => {
      const { status } = await get<DaemonSet>("daemonset/skyline-bridge");
      seen.push(status);
      expect(status.updatedNumberScheduled).toBeGreaterThanOrEqual(2);
    };
    await waitUntil("two nodes have it", secondNode, { pollMs: 300 });
    expect(seen.some(({ updatedNumberScheduled }) => updatedNumberScheduled === 1)).toBe(true);
    expect(Math.max(...seen.map(({ numberUnavailable = 0 }) => numberUnavailable))).toBe(1);
  });
});

describe("the conversion", () => {
  test.each(Object.values(resourceShapes).map((shape) => [shape.kind, shape] as const))(
    "knows no field of %s but those that Kubernetes has",
    async (kind, shape) => {
      const api = await OpenApi.of(cluster, shape.apiVersion);
      expect(api.differences(kind, shape.fields)).toEqual([]);
    },
  );

  test.each(Object.values(resourceShapes).map((shape) => [shape.kind, shape] as const))(
    "knows %s by its name in URLs, and whether it is in a namespace",
    async (kind, { apiVersion, resource, namespaced }) => {
      const path = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
      const { resources } = JSON.parse(await admin("get", "--raw", path)) as { resources: object[] };
      expect(resources).toContainEqual(expect.objectContaining({ name: resource, kind, namespaced }));
    },
  );

  // Without U+007F to U+009F: a server-side apply reads even JSON as YAML 1.1, and refuses or folds them itself.
  test("prints strings that kubectl reads as strings", async () => {
    const words = [
      "on",
      "no",
      "y",
      "null",
      "~",
      "0444",
      "0o444",
      "1e3",
      "12:30:45",
      "<<",
      "=",
      "a: b",
      " x",
      "x ",
      "\t",
    ];
    const any = fc.sample(fc.string({ unit: "binary", maxLength: 20 }), { numRuns: 500, seed: 1 });
    const all = [...words, "one\n two\n", "# x\n\n", "\u2028\u2029 \ufeff", ...any];
    const data = Object.fromEntries(all.map((word, i) => [`k${i}`, word]));
    const labels = { on: "yes", "1e3": "0444" };
    await cluster.apply(
      toYaml([
        {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "words", namespace: "default", labels },
          data,
        },
      ]),
    );
    expect(await get("configmap/words")).toMatchObject({ data, metadata: { labels } });
  });
});
