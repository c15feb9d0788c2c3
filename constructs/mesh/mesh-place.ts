import type { Network } from "../network/network";

/** Where the mesh of an environment stands, and what its servers and gateways share. */
export interface MeshPlace {
  readonly environment: string;
  readonly account: string;
  readonly region: string;
  readonly domain: string;
  readonly network: Network;
  /**
   * Networks outside the VPC whose machines call services by the gateways, by name.
   * @default [] - only the VPC
   */
  readonly clients?: readonly { readonly name: string; readonly cidr: string }[];
  /** Key of volumes and snapshots. */
  readonly keyArn: string;
  /** Service-linked role with which the groups launch instances. */
  readonly launchRoleArn: string;
  /** Refuse what would destroy the snapshots or the gateways' balancer; plans of the snapshots only while the code has them. */
  readonly deletionProtection: boolean;
}
