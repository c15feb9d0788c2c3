import { nodeGroups } from "../../../environment/naming";
import type { Manifest } from "../manifests";
import { clusterBinding, group } from "../rbac";

/** Kubernetes' own group of all that holds a node's certificate. */
const NODES = group("system:nodes");
const JOINING = group(nodeGroups.joining);

/** Approved by kube-controller-manager when the name asked for is the caller's own, and by nobody otherwise. */
const OWN_CLIENT_CERTIFICATE = "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient";

/** How nodes come and stay, beyond what the node authorizer gives each of them. They leave with what it gives. */
export const nodeRights = (): Manifest[] => [
  clusterBinding("skyline:kubelet-clients", "system:kubelet-api-admin", [group(nodeGroups.kubeletClients)]),
  clusterBinding("skyline:nodes-join", "system:node-bootstrapper", [JOINING]),
  clusterBinding("skyline:nodes-approve", OWN_CLIENT_CERTIFICATE, [JOINING, NODES]),
];
