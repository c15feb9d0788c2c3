import { ADD_ON_NAMESPACE, addOnAccounts } from "../../../environment/naming";
import type { Manifest } from "../manifests";
import { account, binding, clusterBinding, clusterRole, role, type Rule } from "../rbac";

const READ = ["get", "list", "watch"];
const on = (apiGroup: string, resources: string[], verbs: string[], resourceNames?: string[]): Rule => ({
  apiGroups: [apiGroup],
  resources,
  ...(resourceNames === undefined ? {} : { resourceNames }),
  verbs,
});

/** A lock of replicas on each other, and what they say of it. */
const leader = (name: string): Rule[] => [
  on("coordination.k8s.io", ["leases"], ["create"]),
  on("coordination.k8s.io", ["leases"], ["get", "update", "patch"], [name]),
  on("", ["events"], ["create", "patch"]),
];

/** Rights of each add-on outside of namespaces. kube-proxy's is Kubernetes' own role. */
const CLUSTER_RULES: Readonly<Record<string, readonly Rule[]>> = {
  [addOnAccounts.coreDns]: [
    on("", ["services", "namespaces"], ["list", "watch"]),
    on("discovery.k8s.io", ["endpointslices"], ["list", "watch"]),
  ],
  [addOnAccounts.flannel]: [on("", ["nodes"], READ), on("", ["nodes/status"], ["patch"])],
  // Without those of its controllers for load balancers, routes and volumes, and without a way to other accounts.
  [addOnAccounts.cloudController]: [
    on("", ["nodes"], [...READ, "update", "patch", "delete"]),
    on("", ["nodes/status"], ["patch"]),
    on("", ["events"], ["create", "patch", "update"]),
  ],
  [addOnAccounts.csrApprover]: [
    on("certificates.k8s.io", ["certificatesigningrequests"], READ),
    on("certificates.k8s.io", ["certificatesigningrequests/approval"], ["update"]),
    on("certificates.k8s.io", ["signers"], ["approve"], ["kubernetes.io/kubelet-serving"]),
  ],
  [addOnAccounts.ebsController]: [
    on("", ["persistentvolumes"], [...READ, "create", "patch", "delete"]),
    on("", ["persistentvolumeclaims"], [...READ, "update"]),
    on("", ["persistentvolumeclaims/status"], ["patch"]),
    on("", ["nodes", "pods"], READ),
    on("", ["events"], ["list", "watch", "create", "update", "patch"]),
    on("storage.k8s.io", ["storageclasses", "csinodes", "volumeattributesclasses"], READ),
    on("storage.k8s.io", ["volumeattachments"], [...READ, "patch"]),
    on("storage.k8s.io", ["volumeattachments/status"], ["patch"]),
  ],
  // To read alone: a node's driver changes no node.
  [addOnAccounts.ebsNode]: [
    on("", ["nodes"], ["get"]),
    on("storage.k8s.io", ["csinodes"], ["get"]),
    on("storage.k8s.io", ["volumeattachments"], READ),
  ],
};

/** Rights of each add-on in the namespace of them all. */
const RULES: Readonly<Record<string, readonly Rule[]>> = {
  [addOnAccounts.cloudController]: leader("cloud-controller-manager"),
  [addOnAccounts.csrApprover]: leader("kubelet-csr-approver"),
  // Each sidecar has a lock of its own, and names it itself.
  [addOnAccounts.ebsController]: [
    on("coordination.k8s.io", ["leases"], [...READ, "create", "update", "patch", "delete"]),
  ],
};

/** The rights of the add-ons' service accounts, which only somebody may give who has all of them. */
export function addOnRights(): Manifest[] {
  const named = (name: string) => `skyline:${name}`;
  const subject = (name: string) => [account(ADD_ON_NAMESPACE, name)];
  return [
    ...Object.entries(CLUSTER_RULES).flatMap(([name, rules]) => [
      clusterRole(named(name), rules),
      clusterBinding(named(name), named(name), subject(name)),
    ]),
    clusterBinding(named(addOnAccounts.kubeProxy), "system:node-proxier", subject(addOnAccounts.kubeProxy)),
    ...Object.entries(RULES).flatMap(([name, rules]) => [
      role(ADD_ON_NAMESPACE, named(name), rules),
      binding(ADD_ON_NAMESPACE, named(name), { kind: "Role", name: named(name) }, subject(name)),
    ]),
  ];
}
