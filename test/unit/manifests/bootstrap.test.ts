import { bootstrapManifests } from "../../../operations/manifests/bootstrap";
import { manifestsOf, type Manifest } from "../../../operations/manifests/manifests";

const namespace = (name: string): Manifest => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });

test("a kind is made by anyone in the group, and changed by name alone", () => {
  const [role, binding] = bootstrapManifests([
    namespace("shop"),
    namespace("skyline-system"),
    { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name: "skyline-mesh" } },
    { apiVersion: "v1", kind: "Service", metadata: { name: "organization", namespace: "shop" } },
  ]);
  const verbs = ["get", "patch", "update", "delete"];
  expect(role).toMatchObject({ kind: "ClusterRole", metadata: { name: "skyline-deployer" } });
  expect(role?.rules).toEqual([
    { apiGroups: [""], resources: ["namespaces"], verbs: ["create"] },
    { apiGroups: [""], resources: ["namespaces"], resourceNames: ["shop", "skyline-system"], verbs },
    { apiGroups: ["scheduling.k8s.io"], resources: ["priorityclasses"], verbs: ["create"] },
    {
      apiGroups: ["scheduling.k8s.io"],
      resources: ["priorityclasses"],
      resourceNames: ["skyline-mesh"],
      verbs,
    },
  ]);
  expect(binding).toMatchObject({
    kind: "ClusterRoleBinding",
    roleRef: { kind: "ClusterRole", name: "skyline-deployer" },
    subjects: [{ kind: "Group", name: "skyline:deployers" }],
  });
});

// An empty list of names is every name.
test("given objects of one kind alone, then there is no rule about the other", () => {
  const [role] = bootstrapManifests([namespace("shop")]);
  expect(JSON.stringify(role)).not.toContain("priorityclasses");
});

test("given a platform without objects outside of namespaces, then it is refused", () => {
  expect(() => bootstrapManifests([])).toThrow(/puts nothing into this cluster/);
});

test("given a cluster role in the platform, then it is refused: to write one is to have all rights", () => {
  const manifests = manifestsOf({
    resource: { kubernetes_cluster_role_v1: { r: { metadata: { name: "all" } } } },
  });
  expect(() => bootstrapManifests(manifests)).toThrow(/ClusterRole all/);
});
