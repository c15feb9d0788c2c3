import { apiHost, kubernetesPorts } from "../../../environment/naming";

export interface KubeProxySettings {
  /** The cluster's name, `alpha`. */
  readonly cluster: string;
  /** Domain of the environment. */
  readonly domain: string;
  /** Network of pods: what comes from elsewhere to a Service is masqueraded. */
  readonly podCidr: string;
}

/** Folder in which kube-proxy finds both of its files. */
export const KUBE_PROXY_FOLDER = "/etc/kube-proxy";

/** Where kube-proxy says that it is well: on the node's loopback, since nothing balances to nodes by it. */
export const KUBE_PROXY_HEALTH_PORT = 10256;

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** kube-proxy's files by name. JSON is YAML. */
export const renderKubeProxy = (settings: KubeProxySettings): Record<string, string> => ({
  "config.conf": json({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    clusterCIDR: settings.podCidr,
    detectLocalMode: "ClusterCIDR",
    bindAddress: "0.0.0.0",
    // A port of a node is open at the address by which the node is known, and not at any other.
    nodePortAddresses: ["primary"],
    healthzBindAddress: `127.0.0.1:${KUBE_PROXY_HEALTH_PORT}`,
    metricsBindAddress: "127.0.0.1:10249",
    enableProfiling: false,
    clientConnection: { kubeconfig: `${KUBE_PROXY_FOLDER}/kubeconfig.conf` },
  }),
  "kubeconfig.conf": json({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "default",
    clusters: [
      {
        name: "default",
        cluster: {
          // By its name outside of the cluster: the Service `kubernetes` is what kube-proxy is yet to make.
          server: `https://${apiHost(settings.cluster, settings.domain)}:${kubernetesPorts.balancer}`,
          "certificate-authority": `${SERVICE_ACCOUNT}/ca.crt`,
        },
      },
    ],
    contexts: [{ name: "default", context: { cluster: "default", user: "default" } }],
    users: [{ name: "default", user: { tokenFile: `${SERVICE_ACCOUNT}/token` } }],
  }),
});

const json = (value: object) => `${JSON.stringify(value, undefined, 2)}\n`;
