import { stringify } from "yaml";
import { apiHost, clusterResourceName, kubernetesPorts } from "../../../../environment/naming";
import { MAX_PODS } from "../../../../environment/pod-capacity";
import { kubeDnsAddress } from "../../../../environment/mesh/bridge-nginx";
import { renderKubeconfig } from "./kubeconfig";
import { flagsFile } from "../../../../environment/node-file";
import type { WorkerSettings } from "./settings";
import { CIPHER_SUITES } from "./tls";

export const KUBELET_CONFIGURATION = "/etc/kubernetes/kubelet.yaml";
export const KUBELET_BOOTSTRAP = "/etc/kubernetes/bootstrap-kubeconfig.yaml";
/** The cluster's authority on a worker. */
export const WORKER_AUTHORITY = "/etc/kubernetes/ca.crt";
export const CREDENTIAL_PROVIDERS = "/etc/kubernetes/image-credential-providers.yaml";
export const CONTAINERD_SOCKET = "unix:///run/containerd/containerd.sock";

/** KubeletConfiguration, as the CIS Kubernetes Benchmark recommends it. */
export function renderKubeletConfiguration(worker: WorkerSettings): string {
  const maxPods = worker.maxPods ?? MAX_PODS;
  return stringify({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: WORKER_AUTHORITY },
    },
    authorization: { mode: "Webhook" },
    // Both of its certificates are asked for and renewed; those of the server are approved in the cluster.
    rotateCertificates: true,
    serverTLSBootstrap: true,
    tlsMinVersion: "VersionTLS12",
    tlsCipherSuites: [...CIPHER_SUITES],
    readOnlyPort: 0,
    healthzBindAddress: "127.0.0.1",
    streamingConnectionIdleTimeout: "30m",
    eventRecordQPS: 50,
    makeIPTablesUtilChains: true,
    protectKernelDefaults: true,
    seccompDefault: true,
    podPidsLimit: 4096,
    cgroupDriver: "systemd",
    containerRuntimeEndpoint: CONTAINERD_SOCKET,
    clusterDomain: "cluster.local",
    clusterDNS: [kubeDnsAddress(worker.serviceCidr)],
    maxPods,
    // What EKS keeps back on its nodes for a number of pods: a node that is out of memory is lost to everyone.
    kubeReserved: { cpu: "100m", memory: `${255 + 11 * maxPods}Mi`, "ephemeral-storage": "1Gi" },
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "10%", "nodefs.inodesFree": "5%" },
    // Pods end in order also when a node is shut down without having been drained.
    shutdownGracePeriod: "60s",
    shutdownGracePeriodCriticalPods: "15s",
    serializeImagePulls: false,
    maxParallelImagePulls: 5,
    containerLogMaxSize: "50Mi",
  });
}

/** How a kubelet without a certificate shows who it is: by its instance's role, in a token of 15 minutes. */
export function renderKubeletBootstrap(worker: WorkerSettings, authenticator: string): string {
  return renderKubeconfig({
    server: `https://${apiHost(worker.cluster, worker.domain)}:${kubernetesPorts.balancer}`,
    certificateAuthorityFile: WORKER_AUTHORITY,
    user: {
      exec: {
        apiVersion: "client.authentication.k8s.io/v1beta1",
        command: authenticator,
        args: ["token", "--cluster-id", clusterResourceName(worker.environment, worker.cluster)],
        env: [
          { name: "AWS_REGION", value: worker.region },
          { name: "AWS_STS_REGIONAL_ENDPOINTS", value: "regional" },
        ],
        interactiveMode: "Never",
      },
    },
  });
}

/** CredentialProviderConfig: images of ECR are pulled by the instance's role. */
export function renderCredentialProviders(): string {
  return stringify({
    apiVersion: "kubelet.config.k8s.io/v1",
    kind: "CredentialProviderConfig",
    providers: [
      {
        name: "ecr-credential-provider",
        apiVersion: "credentialprovider.kubelet.k8s.io/v1",
        matchImages: ["*.dkr.ecr.*.amazonaws.com", "*.dkr-ecr.*.on.aws"],
        defaultCacheDuration: "12h",
      },
    ],
  });
}

/**
 * kubelet's flags. The unit adds what the instance alone knows: its name in AWS, which is its name in Kubernetes, its
 * address and its id.
 *
 * @throws Error when a label is one that a kubelet may not give itself
 */
export function renderKubeletFlags(worker: WorkerSettings, credentialProvider: string): string {
  const labels = Object.entries(worker.labels ?? {}).map(([key, value]) => `${ownLabel(key)}=${value}`);
  return flagsFile({
    config: KUBELET_CONFIGURATION,
    "bootstrap-kubeconfig": KUBELET_BOOTSTRAP,
    kubeconfig: "/var/lib/kubelet/kubeconfig",
    "cert-dir": "/var/lib/kubelet/pki",
    // Until the cloud controller has told apart its zone and its type, no pod is put on a node.
    "cloud-provider": "external",
    "image-credential-provider-config": CREDENTIAL_PROVIDERS,
    "image-credential-provider-bin-dir": credentialProvider.slice(0, credentialProvider.lastIndexOf("/")),
    ...(labels.length > 0 ? { "node-labels": labels.join(",") } : {}),
  });
}

/** Domains of Kubernetes that a kubelet may set labels in; it does not start with others of kubernetes.io and k8s.io. */
const OWN_DOMAINS = /^([\w-]+\.)*(kubelet|node)\.kubernetes\.io$/;

function ownLabel(key: string): string {
  const [domain] = key.includes("/") ? key.split("/") : [""];
  if (/(^|\.)(kubernetes|k8s)\.io$/.test(domain ?? "") && !OWN_DOMAINS.test(domain ?? "")) {
    throw new Error(
      `a node may not give itself the label ${key}: Kubernetes keeps ${domain} to itself; label it by a domain of your own`,
    );
  }
  return key;
}
