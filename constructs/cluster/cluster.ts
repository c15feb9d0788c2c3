/**
 * What both kinds of cluster expose to the mesh, the platform stack and the registry. An interface and no base class:
 * an EKS cluster and a self-managed one share nothing else.
 */
export interface Cluster {
  /** The cluster's name in its environment: `alpha`. */
  readonly clusterName: string;
  /** Its name in AWS, and for whoever asks for a token: `<environment>-<clusterName>`. */
  readonly resourceName: string;
  readonly kind: "self-managed" | "eks";
  /** URL of the API server. */
  readonly endpoint: string;
  /** The API server's authority, base64 of its PEM. */
  readonly certificateAuthority: string;
  /** Security group of all workers. */
  readonly workerSecurityGroupId: string;
  /** How gateways find the cluster's workers in Consul. */
  readonly gatewayTargets: GatewayTargets;
}

export interface GatewayTargets {
  /** Consul service of the workers. */
  readonly service: string;
  /** Consul service metadata that tells this cluster's workers from another's. */
  readonly meta: { readonly cluster: string };
  readonly port: number;
}
