import { X509Certificate } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeGroups } from "../../environment/naming";
import { type KubernetesCluster, startKubernetes } from "../support/kubernetes";
import { type KeyPair, signingRequest } from "../support/kubernetes-certificates";
import { Kubectl } from "../support/kubernetes-kubectl";
import { Administrator, kubeconfigOf, kubectlOf } from "../support/kubernetes-users";
import { selfManagedPlatform } from "../support/platform";
import { waitUntil } from "../support/process";

jest.setTimeout(180_000);

const NODE_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet";
const NODES = ["system:nodes"];
const FORBIDDEN = expect.stringMatching(/forbidden|cannot/i);

let cluster: KubernetesCluster;
let admin: Administrator;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "skyline-nodes-"));
  // As a controller has it: the node authorizer alone lets a node evict any pod.
  const extraApiServerFlags = ["--enable-admission-plugins=NodeRestriction"];
  cluster = await startKubernetes({ nodes: 3, extraApiServerFlags });
  admin = new Administrator(cluster);
  await cluster.apply(selfManagedPlatform().bootstrapYaml);
});
afterAll(async () => {
  await cluster?.stop();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

interface Request {
  readonly status: {
    readonly certificate?: string;
    readonly conditions?: readonly { readonly type: string; readonly message: string }[];
  };
}

/** Asks for a certificate, and gives the request's name and the key that the certificate is to be for. */
async function ask(kubectl: Kubectl, name: string, user: string, groups: string[], signer = NODE_CLIENT) {
  const { request, key } = await signingRequest(directory, user, groups);
  const usages = ["digital signature", "client auth"];
  const spec = { request: Buffer.from(request).toString("base64"), signerName: signer, usages };
  const input = JSON.stringify({
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name },
    spec,
  });
  const { code, stderr } = await kubectl.run(["create", "-f", "-"], { input });
  if (code !== 0) throw new Error(stderr);
  return { name, key };
}

/** What a kubelet has in hand once its request is signed. */
async function signed(asked: { name: string; key: string }): Promise<KeyPair> {
  const { certificate = "", conditions = [] } = await waitUntil(`${asked.name} is signed`, async () => {
    const { status } = await admin.get<Request>(`csr/${asked.name}`);
    expect(status.certificate).toBeDefined();
    return status;
  });
  expect(conditions.map(({ type, message }) => [type, message])).toEqual([
    ["Approved", expect.stringMatching(/Auto approving self kubelet client certificate/)],
  ]);
  return { cert: Buffer.from(certificate, "base64").toString(), key: asked.key };
}

const statusOf = async (name: string) => (await admin.get<Request>(`csr/${name}`)).status;

/** kubectl of a node that has joined, with its own certificate. */
let first: Kubectl;

describe("a node that joins", () => {
  let joining: Kubectl;
  beforeAll(async () => {
    const groups = ["system:bootstrappers", nodeGroups.joining];
    const pair = await cluster.clientCertificate("system:node:node-1", groups);
    joining = new Kubectl(await kubeconfigOf(cluster, directory, "joining", pair), directory);
  });

  test("gets a certificate for its own name, and for nothing else", async () => {
    await ask(joining, "of-another", "system:node:node-2", NODES);
    await ask(joining, "of-an-admin", "system:node:node-1", ["system:nodes", "system:masters"]);
    await ask(joining, "of-no-node", "node-1", NODES);
    await ask(
      joining,
      "of-an-api-client",
      "system:node:node-1",
      NODES,
      "kubernetes.io/kube-apiserver-client",
    );
    const pair = await signed(await ask(joining, "own", "system:node:node-1", NODES));
    expect(new X509Certificate(pair.cert).subject.split("\n").sort()).toEqual([
      "CN=system:node:node-1",
      "O=system:nodes",
    ]);
    first = new Kubectl(await kubeconfigOf(cluster, directory, "first", pair), directory);
    for (const name of ["of-another", "of-an-admin", "of-no-node", "of-an-api-client"]) {
      expect([name, await statusOf(name)]).toEqual([name, {}]);
    }
  });

  test.each([
    ["read nodes", ["get", "nodes"]],
    ["read pods", ["get", "pods", "-A"]],
    ["read secrets", ["get", "secrets", "-A"]],
    ["approve another's request", ["certificate", "approve", "of-another"]],
    ["drain", ["drain", "node-1"]],
  ])("cannot %s", async (_, args) => {
    expect(await joining.run(args)).toMatchObject({ code: 1, stderr: FORBIDDEN });
  });

  test("given that it is not in the group, then it cannot ask", async () => {
    const stranger = await kubectlOf(cluster, directory, "system:node:node-0", ["system:bootstrappers"]);
    await expect(ask(stranger, "of-a-stranger", "system:node:node-0", NODES)).rejects.toThrow(/is forbidden/);
  });
});

describe("a node that has joined", () => {
  test("renews its certificate, and gets none of another's", async () => {
    await expect(ask(first, "renewed-of-another", "system:node:node-2", NODES)).rejects.toThrow(
      /can only create a node CSR with CN=system:node:node-1/,
    );
    const pair = await signed(await ask(first, "renewed", "system:node:node-1", NODES));
    first = new Kubectl(await kubeconfigOf(cluster, directory, "renewed", pair), directory);
    expect(await first.run(["get", "node", "node-1"])).toMatchObject({ code: 0 });
    expect(await statusOf("of-another")).toEqual({});
  });

  test.each([
    ["list pods of other nodes", ["get", "pods", "-A", "--field-selector=spec.nodeName=node-2"]],
    ["list all pods", ["get", "pods", "-A"]],
    ["list DaemonSets", ["get", "daemonsets", "-A"]],
    ["read secrets", ["get", "secrets", "-A"]],
    ["change another node", ["cordon", "node-2"]],
  ])("cannot %s", async (_, args) => {
    expect(await first.run(args)).toMatchObject({ code: 1, stderr: FORBIDDEN });
  });
});

describe("a drain by the node itself", () => {
  interface Pod {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly nodeName: string };
  }
  const podsOn = async (node: string, app: string) =>
    (await admin.list<Pod>("pods", "-l", `app=${app}`)).filter(({ spec }) => spec.nodeName === node);
  const drain = (kubectl: Kubectl, node: string, timeout: string) =>
    kubectl.run(["drain", node, "--ignore-daemonsets", "--delete-emptydir-data", `--timeout=${timeout}`]);

  const WORKLOADS = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: default }
spec:
  replicas: 6
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - { name: x, image: "example/x:1", volumeMounts: [{ name: scratch, mountPath: /scratch }] }
      volumes: [{ name: scratch, emptyDir: {} }]
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector: { matchLabels: { app: web } }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent, namespace: default }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec:
      tolerations: [{ operator: Exists }]
      containers: [{ name: x, image: "example/x:1" }]
`;

  beforeAll(async () => {
    await cluster.apply(WORKLOADS);
    await admin.run("rollout", "status", "deployment/web", "--timeout=60s");
    await admin.run("rollout", "status", "daemonset/agent", "--timeout=60s");
  });

  /** Lets none but the rest of `minAvailable` be evicted, and waits until Kubernetes says so. */
  async function budget(minAvailable: number): Promise<void> {
    await cluster.apply(
      JSON.stringify({
        apiVersion: "policy/v1",
        kind: "PodDisruptionBudget",
        metadata: { name: "web", namespace: "default" },
        spec: { minAvailable, selector: { matchLabels: { app: "web" } } },
      }),
    );
    await waitUntil("the budget is known", async () => {
      const { status } = await admin.get<{ status: { disruptionsAllowed: number } }>("pdb/web");
      expect(status.disruptionsAllowed).toBe(6 - minAvailable);
    });
  }

  test("given a budget that allows nothing, then it waits, and no pod is lost", async () => {
    await budget(6);
    const names = async () => (await podsOn("node-1", "web")).map(({ metadata }) => metadata.name);
    const before = await names();
    expect(before).toHaveLength(2);
    const { code, stderr } = await drain(first, "node-1", "8s");
    expect(code).toBe(1);
    expect(stderr).toMatch(/Cannot evict pod as it would violate the pod's disruption budget/);
    expect(stderr).not.toMatch(/forbidden/i);
    expect(await names()).toEqual(before);
  });

  test("given a budget of one at a time, then it ends, and the agents stay", async () => {
    await budget(5);
    expect(await drain(first, "node-1", "60s")).toMatchObject({ code: 0 });
    expect(await podsOn("node-1", "web")).toEqual([]);
    expect(await podsOn("node-1", "agent")).toHaveLength(1);
    const { spec } = await admin.get<{ spec: object }>("node/node-1");
    expect(spec).toMatchObject({ unschedulable: true });
  });

  test("of another node is refused, and so is an eviction there", async () => {
    await budget(5);
    expect(await drain(first, "node-2", "8s")).toMatchObject({ code: 1, stderr: FORBIDDEN });
    const [pod] = await podsOn("node-2", "web");
    const name = pod?.metadata.name ?? "";
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace: "default" } };
    const path = `/api/v1/namespaces/default/pods/${name}/eviction`;
    const evict = (kubectl: Kubectl) =>
      kubectl.run(["create", "--raw", path, "-f", "-"], { input: JSON.stringify(eviction) });
    expect(await evict(first)).toMatchObject({ code: 1, stderr: FORBIDDEN });
    // The request is as it should be: the pod's own node may.
    const second = await kubectlOf(cluster, directory, "system:node:node-2", NODES);
    expect(await evict(second)).toMatchObject({ code: 0 });
  });
});

describe("the API server's own certificate towards kubelets", () => {
  test.each([
    ["yes", ["get", "nodes", "--subresource=proxy"]],
    ["yes", ["create", "nodes", "--subresource=proxy"]],
    ["yes", ["get", "nodes", "--subresource=log"]],
    ["no", ["get", "secrets"]],
    ["no", ["update", "nodes"]],
  ])("%s: %j", async (answer, what) => {
    const as = { as: "kube-apiserver-kubelet-client", asGroups: [nodeGroups.kubeletClients] };
    const { stdout } = await cluster.kubectl(["auth", "can-i", ...what], as);
    expect(stdout.trim()).toBe(answer);
  });
});
