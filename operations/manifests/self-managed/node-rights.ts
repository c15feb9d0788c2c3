import { nodeGroups } from "../../../environment/naming";
import type { Manifest } from "../manifests";
import { clusterBinding, clusterRole, group } from "../rbac";

/** Kubernetes' own group of all that holds a node's certificate. */
const NODES = group("system:nodes");
const JOINING = group(nodeGroups.joining);

/** Approved by kube-controller-manager when the name asked for is the caller's own, and by nobody otherwise. */
const OWN_CLIENT_CERTIFICATE = "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient";

/** How nodes come, stay and go, beyond what the node authorizer gives each of them. */
export const nodeRights = (): Manifest[] => [
  clusterBinding("skyline:kubelet-clients", "system:kubelet-api-admin", [group(nodeGroups.kubeletClients)]),
  clusterBinding("skyline:nodes-join", "system:node-bootstrapper", [JOINING]),
  clusterBinding("skyline:nodes-approve", OWN_CLIENT_CERTIFICATE, [JOINING, NODES]),
  clusterRole("skyline:nodes-drain", [
    // A drain passes over pods of DaemonSets, and looks whether there are such.
    { apiGroups: ["apps"], resources: ["daemonsets"], verbs: ["get"] },
    // It waits until an evicted pod is gone, and to a node a pod that is gone is one that it has nothing to do with:
    // without this the answer is "forbidden" and not "not found". Reading by name alone, no list.
    { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
  ]),
  clusterBinding("skyline:nodes-drain", "skyline:nodes-drain", [NODES]),
];
