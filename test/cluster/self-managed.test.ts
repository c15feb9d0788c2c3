import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ADD_ON_NAMESPACE, addOnAccounts, DEPLOYER_GROUP } from "../../environment/naming";
import { CoreDns, OUTSIDE } from "../support/core-dns";
import { goTool } from "../support/go-tool";
import { type KubernetesCluster, startKubernetes } from "../support/kubernetes";
import type { Kubectl } from "../support/kubernetes-kubectl";
import { Administrator, accountIdentity, kubeconfigOf, kubectlOf } from "../support/kubernetes-users";
import { type Platform, selfManagedPlatform } from "../support/platform";
import { waitUntil } from "../support/process";

jest.setTimeout(180_000);

const NODES = ["node-0", "node-1", "node-2", "node-3"];
/** A node that the cloud controller never gets to. */
const NEW = "node-3";
const UNINITIALIZED = "node.cloudprovider.kubernetes.io/uninitialized";
const NAMESPACE = ["-n", ADD_ON_NAMESPACE];

let cluster: KubernetesCluster;
let platform: Platform;
let admin: Administrator;
let deployer: Kubectl;
let directory: string;

beforeAll(async () => {
  platform = selfManagedPlatform();
  directory = await mkdtemp(join(tmpdir(), "skyline-self-managed-"));
  cluster = await startKubernetes({
    nodes: NODES.length,
    nodeLabels: (index) => ({ "topology.kubernetes.io/zone": `us-east-1${"abc"[index % 3]}` }),
    extraApiServerFlags: [`--admission-control-config-file=${await strictAdmission()}`],
  });
  admin = new Administrator(cluster);
  await admin.run("taint", "node", "--all", `${UNINITIALIZED}=true:NoSchedule`);
  deployer = await kubectlOf(cluster, directory, "deployer", [DEPLOYER_GROUP]);
});
afterAll(async () => {
  await cluster?.stop();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

/** A namespace that says nothing of itself takes none but pods that may do nothing to their node. */
async function strictAdmission(): Promise<string> {
  const file = join(directory, "admission.json");
  const configuration = {
    apiVersion: "pod-security.admission.config.k8s.io/v1",
    kind: "PodSecurityConfiguration",
    defaults: { enforce: "restricted", "enforce-version": "latest" },
    exemptions: { namespaces: ["kube-system"] },
  };
  const admission = {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AdmissionConfiguration",
    plugins: [{ name: "PodSecurity", configuration }],
  };
  await writeFile(file, JSON.stringify(admission));
  return file;
}

interface Pod {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly podIP: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}
interface Versioned {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly generation?: number;
    readonly resourceVersion: string;
  };
}

const nameOf = ({ metadata }: Pod) => metadata.labels["app.kubernetes.io/name"] ?? "";
const isReady = ({ status }: Pod) =>
  status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;

/** Nodes of the pods that are Ready, by the name of the add-on. */
async function readyNodes(): Promise<Record<string, string[]>> {
  const nodes: Record<string, string[]> = {};
  for (const pod of await admin.list<Pod>("pods", ...NAMESPACE)) {
    if (isReady(pod)) (nodes[nameOf(pod)] ??= []).push(pod.spec.nodeName ?? "");
  }
  for (const found of Object.values(nodes)) found.sort();
  return nodes;
}

/** Each object of the platform with its version: that of what it asks for, where it has a status beside it. */
async function versions(): Promise<Record<string, string | number>> {
  const { stdout } = await cluster.kubectl(["get", "-f", "-", "-o", "json"], { input: platform.yaml });
  const { items } = JSON.parse(stdout) as { items: Versioned[] };
  expect(items).toHaveLength(platform.manifests.length);
  return Object.fromEntries(
    items.map(({ kind, metadata }) => [
      `${kind} ${metadata.name}`,
      metadata.generation ?? metadata.resourceVersion,
    ]),
  );
}

describe("given an admin's bootstrap, the deployer", () => {
  test("without it cannot apply the platform", async () => {
    await expect(deployer.apply(platform.yaml)).rejects.toThrow(/"deployer" cannot/);
  });

  test("applies all of the platform", async () => {
    const { stdout: rights } = await cluster.apply(platform.bootstrapYaml);
    expect(rights.trim().split("\n")).toHaveLength(platform.bootstrap.length);
    const { stdout } = await waitUntil("the rights are known", () => deployer.apply(platform.yaml));
    expect(stdout.trim().split("\n")).toHaveLength(platform.manifests.length);
    expect(stdout).not.toMatch(/unchanged/);
  });

  test("on nodes that nobody has initialized, gets what initializes them, and nothing else", async () => {
    const everywhere = {
      [addOnAccounts.kubeProxy]: NODES,
      [addOnAccounts.flannel]: NODES,
      [addOnAccounts.ebsNode]: NODES,
    };
    const nodes = await waitUntil("they are Ready", async () => {
      const ready = await readyNodes();
      expect(ready).toMatchObject(everywhere);
      expect(ready[addOnAccounts.cloudController]).toHaveLength(2);
      return ready;
    });
    expect(Object.keys(nodes).sort()).toEqual(
      [...Object.keys(everywhere), addOnAccounts.cloudController].sort(),
    );
    await waitUntil("every node has its bridge", async () => {
      const bridges = await admin.list<Pod>("pods", "-l", "app.kubernetes.io/name=skyline-bridge");
      expect(bridges.filter(isReady).map(({ spec }) => spec.nodeName)).toHaveLength(NODES.length);
    });
  });

  test("gets the rest on initialized nodes, each pair on two of them", async () => {
    const initialized = NODES.filter((node) => node !== NEW);
    await admin.run("taint", "node", ...initialized, `${UNINITIALIZED}-`);
    const pairs = [addOnAccounts.coreDns, addOnAccounts.csrApprover, addOnAccounts.ebsController];
    const ready = await waitUntil("they are Ready", async () => {
      const nodes = await readyNodes();
      for (const name of pairs) expect([name, nodes[name]?.length]).toEqual([name, 2]);
      return nodes;
    });
    for (const name of pairs) {
      expect(new Set(ready[name]).size).toBe(2);
      expect(ready[name]).not.toContain(NEW);
    }
  });

  test("changes nothing by a second apply, and sees no difference", async () => {
    await admin.run("rollout", "status", "daemonset/skyline-bridge", "--timeout=60s");
    const before = await versions();
    await deployer.apply(platform.yaml);
    expect(await versions()).toEqual(before);
    const difference = ["diff", "--server-side", "--field-manager=skyline", "-f", "-"];
    expect(await deployer.run(difference, { input: platform.yaml })).toMatchObject({ code: 0, stdout: "" });
  });

  const pod = (namespace: string, service: string) => [
    ...["run", "x", "-n", namespace, "--image=example/x:1"],
    `--overrides={"spec":{"serviceAccountName":"${service}"}}`,
  ];
  test.each([
    ["read secrets of kube-system", ["get", "secrets", "-n", "kube-system"]],
    ["run as a controller of Kubernetes", pod("kube-system", "clusterrole-aggregation-controller")],
    ["take on a controller of Kubernetes", ["create", "token", "default", "-n", "kube-system"]],
    ["read secrets of the add-ons", ["get", "secrets", ...NAMESPACE]],
    ["take on an add-on", ["create", "token", addOnAccounts.cloudController, ...NAMESPACE]],
    ["write what is not the platform's", ["label", "configmap", "kube-root-ca.crt", "a=b", ...NAMESPACE]],
    ["run something in a container", ["exec", "deployment/coredns", ...NAMESPACE, "--", "id"]],
    ["raise itself", ["create", "rolebinding", "x", "--clusterrole=admin", "--user=deployer", ...NAMESPACE]],
    ["make a cluster role", ["create", "clusterrole", "x", "--verb=get", "--resource=nodes"]],
    ["widen an add-on's rights", ["label", "clusterrole", "skyline:coredns", "a=b"]],
    ["say what pods may do", ["label", "namespace", "skyline-system", "a=b"]],
    ["make a namespace", ["create", "namespace", "x"]],
    ["read nodes", ["get", "nodes"]],
    ["approve a node", ["certificate", "approve", "x"]],
  ])("cannot %s", async (_, args) => {
    const { code, stderr } = await deployer.run(args);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/forbidden|cannot/i) });
  });
});

describe("rights of the add-ons", () => {
  const ACCOUNTS = Object.values(addOnAccounts);
  const can = async (name: string, ...what: string[]) => {
    const { user, groups } = accountIdentity(ADD_ON_NAMESPACE, name);
    const { stdout } = await cluster.kubectl(["auth", "can-i", ...what], { as: user, asGroups: groups });
    return stdout.trim();
  };

  test.each(ACCOUNTS)("%s cannot become somebody else, read secrets, or run pods", async (name) => {
    const answers = await Promise.all(
      [
        ["create", "serviceaccounts/token", "-n", "kube-system"],
        ["create", "serviceaccounts/token", ...NAMESPACE],
        ["get", "secrets", "-n", "kube-system"],
        ["get", "secrets", "-n", "default"],
        ["create", "pods", "-n", "default"],
        ["escalate", "clusterroles"],
        ["create", "clusterrolebindings"],
        ["impersonate", "users"],
      ].map((what) => can(name, ...what)),
    );
    expect(answers).toEqual(answers.map(() => "no"));
  });

  test("the answers come from rights, and not from a mistake in the question", async () => {
    expect(await can(addOnAccounts.cloudController, "patch", "nodes")).toBe("yes");
    expect(await can(addOnAccounts.kubeProxy, "watch", "endpointslices.discovery.k8s.io")).toBe("yes");
    expect(await can(addOnAccounts.ebsController, "create", "leases.coordination.k8s.io", ...NAMESPACE)).toBe(
      "yes",
    );
  });

  test.each([
    [addOnAccounts.coreDns, ["list", "pods"]],
    [addOnAccounts.coreDns, ["get", "services"]],
    [addOnAccounts.flannel, ["update", "nodes"]],
    [addOnAccounts.ebsNode, ["patch", "nodes"]],
    [addOnAccounts.ebsNode, ["list", "nodes"]],
    [addOnAccounts.csrApprover, ["update", "leases.coordination.k8s.io", "-n", "kube-system"]],
  ])("%s cannot %j", async (name, what) => {
    expect(await can(name, ...what)).toBe("no");
  });

  // kubectl auth can-i knows no signers.
  test.each([
    ["kubelet-serving", true],
    ["kube-apiserver-client-kubelet", false],
    ["kube-apiserver-client", false],
  ])("the approver may approve for %s: %j", async (signer, allowed) => {
    const { user, groups } = accountIdentity(ADD_ON_NAMESPACE, addOnAccounts.csrApprover);
    const name = `kubernetes.io/${signer}`;
    const resourceAttributes = { group: "certificates.k8s.io", resource: "signers", verb: "approve", name };
    const review = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: { user, groups, resourceAttributes },
    };
    const { stdout } = await cluster.kubectl(["create", "-f", "-", "-o", "json"], {
      input: JSON.stringify(review),
    });
    expect((JSON.parse(stdout) as { status: object }).status).toMatchObject({ allowed });
  });

  test("every account of the platform's add-ons has some, and nobody else", () => {
    const made = platform.manifests.filter(
      ({ kind, metadata }) => kind === "ServiceAccount" && metadata.namespace === ADD_ON_NAMESPACE,
    );
    const subjects = platform.bootstrap.flatMap(
      ({ subjects = [] }) => subjects as readonly { kind: string; name: string; namespace?: string }[],
    );
    const given = subjects.filter(({ kind }) => kind === "ServiceAccount");
    expect([...new Set(given.map(({ name }) => name))].sort()).toEqual(
      made.map(({ metadata }) => metadata.name).sort(),
    );
    expect(new Set(given.map(({ namespace }) => namespace))).toEqual(new Set([ADD_ON_NAMESPACE]));
  });
});

describe("volumes", () => {
  test("a claim that names no class gets the encrypted one", async () => {
    const claim = {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "data", namespace: "default" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    };
    await cluster.apply(JSON.stringify(claim));
    const { spec } = await admin.get<{ spec: { storageClassName: string } }>("pvc/data");
    const storage = await admin.get<object>(`storageclass/${spec.storageClassName}`);
    expect(storage).toMatchObject({
      provisioner: "ebs.csi.aws.com",
      parameters: { type: "gp3", encrypted: "true" },
      volumeBindingMode: "WaitForFirstConsumer",
    });
  });
});

describe("the real CoreDNS, as its account, with the Corefile of the cluster", () => {
  let dns: CoreDns;

  beforeAll(async () => {
    const { data } = await admin.get<{ data: { Corefile: string } }>("configmap/coredns", ...NAMESPACE);
    const { user, groups } = accountIdentity(ADD_ON_NAMESPACE, addOnAccounts.coreDns);
    const pair = await cluster.clientCertificate(user, groups);
    dns = await CoreDns.start(data.Corefile, await kubeconfigOf(cluster, directory, user, pair), directory);
  });
  afterAll(() => dns?.stop());

  const addressOf = async (name: string, ...namespace: string[]) =>
    (await admin.get<{ spec: { clusterIP: string } }>(`service/${name}`, ...namespace)).spec.clusterIP;

  test("is of the version that is deployed", async () => {
    const [image] =
      JSON.stringify(platform.manifests).match(/registry\.k8s\.io\/coredns\/coredns:[^"]+/) ?? [];
    expect(image).toBe(`registry.k8s.io/coredns/coredns:${(await goTool("coredns")).version}`);
  });

  test("answers the names of Services with their addresses", async () => {
    const { resolver } = dns;
    expect(await resolver.resolve4("kube-dns.skyline-add-ons.svc.cluster.local")).toEqual(["172.20.0.10"]);
    expect(await resolver.resolve4("organization.default.svc.cluster.local")).toEqual([
      await addressOf("organization"),
    ]);
    expect(await resolver.resolveSrv("_http._tcp.organization.default.svc.cluster.local")).toEqual([
      expect.objectContaining({ name: "organization.default.svc.cluster.local", port: 8080 }),
    ]);
    expect(await resolver.reverse("172.20.0.10")).toEqual(["kube-dns.skyline-add-ons.svc.cluster.local"]);
  });

  test("answers the name of a Service without an address with those of its pods", async () => {
    await admin.run("create", "deployment", "pair", "--image=example/pair:1", "--replicas=2", ...NAMESPACE);
    await admin.run("expose", "deployment", "pair", "--port=80", "--cluster-ip=None", ...NAMESPACE);
    await admin.run("rollout", "status", "deployment/pair", "--timeout=60s", ...NAMESPACE);
    const pods = await admin.list<Pod>("pods", "-l", "app=pair", ...NAMESPACE);
    await waitUntil("it knows the pods", async () =>
      expect((await dns.resolver.resolve4("pair.skyline-add-ons.svc.cluster.local")).sort()).toEqual(
        pods.map(({ status }) => status.podIP).sort(),
      ),
    );
  });

  test("knows a new Service at once, also where it was asked for before", async () => {
    const name = "newcomer.default.svc.cluster.local";
    await expect(dns.resolver.resolve4(name)).rejects.toMatchObject({ code: "ENOTFOUND" });
    await admin.run("create", "service", "clusterip", "newcomer", "--tcp=80");
    const address = await addressOf("newcomer");
    // A remembered "no" lasts 30 s.
    await waitUntil(
      "the name is known",
      async () => expect(await dns.resolver.resolve4(name)).toEqual([address]),
      { timeoutMs: 10_000 },
    );
  });

  test("asks the node's resolver for names outside", async () => {
    expect(await dns.resolver.resolve4(OUTSIDE.name)).toEqual([OUTSIDE.address]);
    expect(dns.forwarded).toContain(OUTSIDE.name);
  });

  test.each([
    "nobody.default.svc.cluster.local",
    "organization.elsewhere.svc.cluster.local",
    "organization.cluster.local",
    // A name for whatever address a client writes.
    "169-254-169-254.default.pod.cluster.local",
    "10-0-0-1.default.pod.cluster.local",
  ])("has no %s, and asks nobody for it", async (name) => {
    await expect(dns.resolver.resolve4(name)).rejects.toMatchObject({ code: "ENOTFOUND" });
    expect(dns.forwarded).not.toContain(name);
  });

  test.each(["cluster.local", "svc.cluster.local"])("hands nobody all names of %s", async (zone) => {
    const REFUSED = 5;
    expect(await dns.transfer(zone)).toBe(REFUSED);
  });
});
