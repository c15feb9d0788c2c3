import { stringify } from "yaml";

/** What a node needs to know of its cluster. */
export interface NodeSettings {
  /** Name of the cluster in AWS. */
  readonly clusterName: string;
  readonly endpoint: string;
  /** Base64 of the PEM. */
  readonly certificateAuthority: string;
  /** Network of Kubernetes Services, `172.20.0.0/16`. */
  readonly serviceCidr: string;
  readonly maxPods: number;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * NodeConfig for nodeadm on the stock image. A managed group adds the cluster's name, endpoint and authority itself;
 * nodeadm merges the two (awslabs.github.io/amazon-eks-ami/nodeadm).
 */
export function renderStockNodeConfig(node: NodeSettings): string {
  return nodeConfig({ kubelet: { config: { maxPods: node.maxPods } } });
}

/** NodeConfig for nodeadm on an own image: a managed group with an own image adds nothing. */
export function renderFullNodeConfig(node: NodeSettings): string {
  const labels = Object.entries(node.labels).map(([key, value]) => `${key}=${value}`);
  return nodeConfig({
    cluster: {
      name: node.clusterName,
      apiServerEndpoint: node.endpoint,
      certificateAuthority: node.certificateAuthority,
      cidr: node.serviceCidr,
    },
    kubelet: {
      config: { maxPods: node.maxPods },
      ...(labels.length > 0 ? { flags: [`--node-labels=${labels.join(",")}`] } : {}),
    },
  });
}

const nodeConfig = (spec: object) =>
  stringify({ apiVersion: "node.eks.aws/v1alpha1", kind: "NodeConfig", spec }, { lineWidth: 0 });
