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
    ["read a DaemonSet", ["get", "daemonset", "agent"]],
    ["read secrets", ["get", "secrets", "-A"]],
    ["change another node", ["cordon", "node-2"]],
  ])("cannot %s", async (_, args) => {
    expect(await first.run(args)).toMatchObject({ code: 1, stderr: FORBIDDEN });
  });
});

describe("a pod's eviction by a node", () => {
  const pod = (name: string, nodeName: string) =>
    JSON.stringify({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "default" },
      spec: { nodeName, containers: [{ name: "x", image: "example/x:1" }] },
    });
  const evict = (kubectl: Kubectl, name: string) => {
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace: "default" } };
    const path = `/api/v1/namespaces/default/pods/${name}/eviction`;
    return kubectl.run(["create", "--raw", path, "-f", "-"], { input: JSON.stringify(eviction) });
  };
  beforeAll(async () => {
    await cluster.apply(pod("one", "node-1"));
    await cluster.apply(pod("two", "node-2"));
  });

  test("is for the pod's own node, with cordoning and listing before it", async () => {
    expect(await first.run(["cordon", "node-1"])).toMatchObject({ code: 0 });
    const own = await first.run(["get", "pods", "-A", "--field-selector=spec.nodeName=node-1", "-o=name"]);
    expect(own).toMatchObject({ code: 0, stdout: expect.stringContaining("pod/one") });
    expect(await evict(first, "one")).toMatchObject({ code: 0 });
  });

  test("is refused to another node, and so is reading the pod by name", async () => {
    expect(await first.run(["get", "pod", "two"])).toMatchObject({ code: 1, stderr: FORBIDDEN });
    expect(await evict(first, "two")).toMatchObject({ code: 1, stderr: FORBIDDEN });
    // The request is as it should be: the pod's own node may.
    const second = await kubectlOf(cluster, directory, "system:node:node-2", NODES);
    expect(await evict(second, "two")).toMatchObject({ code: 0 });
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
