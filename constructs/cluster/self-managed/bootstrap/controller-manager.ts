import { NODE_POD_PREFIX } from "../../../../environment/pod-capacity";
import { clusterResourceName } from "../../../../environment/naming";
import { CONTROLLER_PKI, kubeconfigOf } from "./kubernetes-paths";
import { flagsFile } from "../../../../environment/node-file";
import type { ControllerSettings } from "./settings";
import { TLS_FLAGS } from "./tls";

const ownKubeconfig = (program: string) => ({
  kubeconfig: kubeconfigOf(program),
  "authentication-kubeconfig": kubeconfigOf(program),
  "authorization-kubeconfig": kubeconfigOf(program),
});

/** kube-controller-manager's flags, as the CIS Kubernetes Benchmark recommends them. */
export function renderControllerManagerFlags(controller: ControllerSettings): string {
  const pki = (file: string) => `${CONTROLLER_PKI}/${file}`;
  return flagsFile({
    ...ownKubeconfig("controller-manager"),
    "bind-address": "127.0.0.1",
    ...TLS_FLAGS,
    "client-ca-file": pki("ca.crt"),
    "requestheader-client-ca-file": pki("front-proxy-ca.crt"),
    profiling: false,
    "use-service-account-credentials": true,
    "service-account-private-key-file": pki("service-account.key"),
    "root-ca-file": pki("ca.crt"),
    "cluster-signing-cert-file": pki("ca.crt"),
    "cluster-signing-key-file": pki("ca.key"),
    // Kubelets ask anew in good time; a certificate that was stolen is of use for 30 days at most.
    "cluster-signing-duration": "720h",
    "terminated-pod-gc-threshold": 1000,
    "cluster-name": clusterResourceName(controller.environment, controller.cluster),
    // Nodes are told apart from instances by the cloud controller, which runs in the cluster.
    "cloud-provider": "external",
    "configure-cloud-routes": false,
    "allocate-node-cidrs": true,
    "cluster-cidr": controller.podCidr,
    "node-cidr-mask-size": NODE_POD_PREFIX,
    "service-cluster-ip-range": controller.serviceCidr,
  });
}

/** kube-scheduler's flags, as the CIS Kubernetes Benchmark recommends them. */
export function renderSchedulerFlags(): string {
  return flagsFile({
    ...ownKubeconfig("scheduler"),
    "bind-address": "127.0.0.1",
    ...TLS_FLAGS,
    "client-ca-file": `${CONTROLLER_PKI}/ca.crt`,
    "requestheader-client-ca-file": `${CONTROLLER_PKI}/front-proxy-ca.crt`,
    profiling: false,
  });
}
