import { subnet, type Cidr } from "./cidr";
import { zoneIndex } from "./naming";

/** How much longer the prefix of a zone's private subnet is than the network's: each zone has an eighth of it. */
const PRIVATE_BITS = 3;

/** Prefix length of each zone's private subnet, in a network of this prefix length. */
export const privatePrefix = (network: number): number => network + PRIVATE_BITS;

/** A zone's private subnet: an eighth of the network, for nodes, their pods on EKS, and internal load balancers. */
export const privateNetwork = (network: Cidr, zone: string): string =>
  subnet(network, privatePrefix(network.prefix), zoneIndex(zone));

/**
 * A zone's public subnet. They share the last eighth of the network, in eight parts, so that a zone that comes later
 * moves no subnet.
 */
export const publicNetwork = (network: Cidr, zone: string): string =>
  subnet(network, privatePrefix(network.prefix) + 3, 7 * 8 + zoneIndex(zone));
