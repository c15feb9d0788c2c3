import { Fn, Token } from "cdktf";
import type { NodePlace } from "./bootstrap/settings";
import { tagKeys } from "../../../environment/naming";
import type { InstancePlace } from "../../instances/instance-place";
import type { Network } from "../../network/network";

/** Where a self-managed cluster stands and what all of its parts share. */
export interface ClusterPlace extends InstancePlace {
  readonly environment: string;
  /** The cluster's name in its environment. */
  readonly clusterName: string;
  /** `<environment>-<clusterName>`: prefix of the names of its parts. */
  readonly name: string;
  readonly domain: string;
  readonly network: Network;
  /** Availability zones of the network's private subnets, in the same order. */
  readonly zones: readonly string[];
  /** Key of volumes, secrets and snapshots. */
  readonly keyArn: string;
}

/** The place as user data is rendered from it. */
export const nodePlace = (place: ClusterPlace): NodePlace => ({
  environment: place.environment,
  cluster: place.clusterName,
  domain: place.domain,
  region: place.region,
});

/** Tags of what a group launches: the provider's default tags do not reach it. */
export const nodeTags = (place: ClusterPlace, name: string): Record<string, string> => ({
  [tagKeys.environment]: place.environment,
  [tagKeys.cluster]: place.clusterName,
  Name: name,
});

/** The private subnet of the `index`th zone, also of a list that is known only at apply. */
export const subnetOf = ({ privateSubnetIds }: Network, index: number): string =>
  Token.isUnresolved(privateSubnetIds)
    ? Token.asString(Fn.element(privateSubnetIds, index))
    : (privateSubnetIds[index] as string);
