import { privatePrefix } from "./zone-networks";

/**
 * How many addresses pods take. A cluster that is short of them starts no pod on nodes that it pays for, and its network
 * cannot be changed later: so the most nodes that are asked for must fit from the start.
 */

/** Most pods on a node. 110 is what AWS advises with prefix delegation for nodes below 30 vCPUs. */
export const MAX_PODS = 110;

/** Addresses in what the VPC CNI takes at once with prefix delegation, a /28. It takes no more than `MAX_PODS` want. */
const BLOCK = 16;
const BLOCKS_OF_NODE = Math.ceil(MAX_PODS / BLOCK);

/** Addresses that AWS keeps of each subnet, and those of the endpoints of ECR's two APIs. */
const ADDRESSES_OF_SUBNET = 5 + 2;

/** Addresses that EKS asks for in each subnet of a cluster. Source: "Amazon EKS VPC and subnet considerations". */
const ADDRESSES_OF_CONTROL_PLANE = 6;

/**
 * Nodes that an update of a managed node group adds in each zone, before it removes as many: EKS raises the group by
 * twice the number of zones. Source: "Understand each phase of node updates".
 */
const SURGE_OF_ZONE = 2;

/** What takes addresses in the private subnets of a network. */
export interface NodesOfNetwork {
  readonly zones: number;
  /** Of each EKS cluster the most nodes of each of its worker groups. Their pods have addresses of the subnets. */
  readonly eks: readonly (readonly number[])[];
  /** Numbers of other nodes, whose pods have a network of their own, each spread over the zones. */
  readonly others: readonly number[];
}

/** Blocks of 16 addresses that nodes and pods take in the fullest zone while one EKS cluster is updated. */
export function blocksOfZone({ zones, eks, others }: NodesOfNetwork): number {
  const spread = (nodes: readonly number[]) => nodes.reduce((sum, n) => sum + Math.ceil(n / zones), 0);
  const surge = SURGE_OF_ZONE * Math.max(0, ...eks.map((groups) => groups.length));
  const nodes = spread(eks.flat()) + surge;
  const single = nodes + spread(others) + eks.length * ADDRESSES_OF_CONTROL_PLANE + ADDRESSES_OF_SUBNET;
  return nodes * BLOCKS_OF_NODE + Math.ceil(single / BLOCK);
}

/** Blocks of 16 addresses in a zone's private subnet, in a network of this prefix length. */
export const blocksOfSubnet = (network: number): number => 2 ** (32 - privatePrefix(network)) / BLOCK;

/** Prefix length of the pods of one node in a self-managed cluster. */
export const NODE_POD_PREFIX = 24;

/** Nodes whose pods have room in a pod network of this prefix length. */
export const nodesOfPodNetwork = (prefix: number): number => 2 ** (NODE_POD_PREFIX - prefix);
