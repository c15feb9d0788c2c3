import { bootstrapOf } from "../../../operations/manifests/platform";
import { selfManagedBootstrap } from "../../../operations/manifests/self-managed/bootstrap";
import type { Manifest } from "../../../operations/manifests/manifests";

const ADD_ONS = "skyline-add-ons";
const object = (kind: string, name: string, namespace?: string, apiVersion = "v1"): Manifest => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});
const manifests = [
  object("PriorityClass", "skyline-mesh", undefined, "scheduling.k8s.io/v1"),
  object("StorageClass", "gp3", undefined, "storage.k8s.io/v1"),
  object("CSIDriver", "ebs.csi.aws.com", undefined, "storage.k8s.io/v1"),
  object("ConfigMap", "coredns", ADD_ONS),
  object("ConfigMap", "flannel", ADD_ONS),
  object("Deployment", "coredns", ADD_ONS, "apps/v1"),
  object("Service", "organization", "shop"),
];
const administered = ["shop", "skyline-system"];
const bootstrap = selfManagedBootstrap(manifests, administered);
const find = (kind: string, name: string, namespace?: string) => {
  const found = bootstrap.filter(
    ({ kind: is, metadata }) => is === kind && metadata.name === name && metadata.namespace === namespace,
  );
  expect(found).toHaveLength(1);
  return found[0] as Manifest;
};
const DEPLOYERS = [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "skyline:deployers" }];
const verbs = ["get", "patch", "update", "delete"];

test("namespaces come first, each with what its pods may do", () => {
  const enforced = bootstrap
    .slice(0, 3)
    .map(({ kind, metadata }) => [
      kind,
      metadata.name,
      metadata.labels?.["pod-security.kubernetes.io/enforce"],
    ]);
  expect(enforced).toEqual([
    ["Namespace", "shop", "privileged"],
    ["Namespace", "skyline-system", "baseline"],
    ["Namespace", ADD_ONS, "privileged"],
  ]);
});

test("outside of namespaces the deployer writes the platform's objects by name", () => {
  expect(find("ClusterRole", "skyline-deployer").rules).toEqual([
    { apiGroups: ["scheduling.k8s.io"], resources: ["priorityclasses"], verbs: ["create"] },
    {
      apiGroups: ["scheduling.k8s.io"],
      resources: ["priorityclasses"],
      resourceNames: ["skyline-mesh"],
      verbs,
    },
    { apiGroups: ["storage.k8s.io"], resources: ["storageclasses"], verbs: ["create"] },
    { apiGroups: ["storage.k8s.io"], resources: ["storageclasses"], resourceNames: ["gp3"], verbs },
    { apiGroups: ["storage.k8s.io"], resources: ["csidrivers"], verbs: ["create"] },
    { apiGroups: ["storage.k8s.io"], resources: ["csidrivers"], resourceNames: ["ebs.csi.aws.com"], verbs },
  ]);
  expect(find("ClusterRoleBinding", "skyline-deployer").subjects).toEqual(DEPLOYERS);
});

test.each(administered)("the deployer is admin in %s", (namespace) => {
  expect(find("RoleBinding", "skyline-deployer", namespace)).toMatchObject({
    roleRef: { kind: "ClusterRole", name: "admin" },
    subjects: DEPLOYERS,
  });
});

test("among the add-ons it writes the platform's objects by name, and nothing else", () => {
  expect(find("Role", "skyline-deployer", ADD_ONS).rules).toEqual([
    { apiGroups: [""], resources: ["configmaps"], verbs: ["create"] },
    { apiGroups: [""], resources: ["configmaps"], resourceNames: ["coredns", "flannel"], verbs },
    { apiGroups: ["apps"], resources: ["deployments"], verbs: ["create"] },
    { apiGroups: ["apps"], resources: ["deployments"], resourceNames: ["coredns"], verbs },
  ]);
  expect(find("RoleBinding", "skyline-deployer", ADD_ONS)).toMatchObject({
    roleRef: { kind: "Role", name: "skyline-deployer" },
    subjects: DEPLOYERS,
  });
});

test("nodes come and stay by these rights, and have none to go by", () => {
  const bound = bootstrap
    .filter(
      ({ kind, metadata }) =>
        kind === "ClusterRoleBinding" && /^skyline:(nodes|kubelet-clients)/.test(metadata.name),
    )
    .map(({ roleRef, subjects }) => [
      (roleRef as { name: string }).name,
      (subjects as readonly { name: string }[]).map(({ name }) => name),
    ]);
  expect(Object.fromEntries(bound)).toEqual({
    "system:kubelet-api-admin": ["skyline:kubelet-clients"],
    "system:node-bootstrapper": ["skyline:nodes-joining"],
    "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient": [
      "skyline:nodes-joining",
      "system:nodes",
    ],
  });
});

test("no right that is given leads to all rights", () => {
  const rules = bootstrap.flatMap(({ rules: of = [] }) => of as readonly Record<string, readonly string[]>[]);
  expect(rules.length).toBeGreaterThan(20);
  const words = new Set(rules.flatMap((rule) => Object.values(rule).flat()));
  for (const word of [
    "*",
    "escalate",
    "bind",
    "impersonate",
    "secrets",
    "serviceaccounts/token",
    "pods/exec",
  ]) {
    expect(words).not.toContain(word);
  }
  const written = rules.filter(({ verbs: of = [] }) =>
    of.some((verb) => !["get", "list", "watch"].includes(verb)),
  );
  const resources = written.flatMap(({ resources: of = [] }) => of);
  for (const resource of [
    "pods",
    "clusterroles",
    "clusterrolebindings",
    "roles",
    "rolebindings",
    "namespaces",
  ]) {
    expect(resources).not.toContain(resource);
  }
});

test("given a role in the platform, then it is refused", () => {
  const role = object("ClusterRole", "all", undefined, "rbac.authorization.k8s.io/v1");
  expect(() => selfManagedBootstrap([...manifests, role], administered)).toThrow(/ClusterRole all/);
});

test("an EKS cluster gets none of this", () => {
  const kinds = (kind: "eks" | "self-managed") =>
    bootstrapOf({ kind, administered, manifests }).map(({ kind: is }) => is);
  expect(kinds("eks")).toEqual(["ClusterRole", "ClusterRoleBinding"]);
  expect(kinds("self-managed")).toEqual(bootstrap.map(({ kind }) => kind));
});
