import { parseCidr } from "../cidr";
import { DEFAULT_POD_CIDR } from "../naming";
import { blocksOfSubnet, blocksOfZone, MAX_PODS, nodesOfPodNetwork } from "../pod-capacity";
import { valueAt, type Path, type Problem } from "../problem";
import { entries, strings } from "./values";

/** The networks hold the pods of the most nodes that are asked for. */
export function podsFit(root: unknown): Problem[] {
  const clusters = entries(root, ["clusters"])
    .filter(([, path]) => valueAt(root, [...path, "role"]) !== "removed")
    .map(([name, path]) => ({ name, path, groups: mostNodes(root, path) }));
  const ofKind = (kind: string) => clusters.filter(({ path }) => valueAt(root, [...path, "kind"]) === kind);
  return [
    ...ofKind("self-managed").flatMap((cluster) => podNetwork(root, cluster)),
    ...network(root, ofKind("eks"), ofKind("self-managed")),
  ];
}

interface ClusterNodes {
  readonly name: string;
  readonly path: Path;
  /** The most nodes of each worker group. */
  readonly groups: readonly number[];
}

/** Numbers that the schema lets through; of others it says itself what is wrong. */
const counts = (root: unknown, path: Path): number[] => {
  const value = valueAt(root, path);
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 1000 ? [value] : [];
};

const mostNodes = (root: unknown, cluster: Path): number[] =>
  entries(root, [...cluster, "workers"]).flatMap(([, group]) => [
    ...counts(root, [...group, "scaling", "fixed"]),
    ...counts(root, [...group, "scaling", "max"]),
  ]);

const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);

/** The smallest network that holds what is asked for, by its prefix length. */
function longestThatFits(longest: number, shortest: number, fits: (prefix: number) => boolean) {
  const prefixes = Array.from({ length: longest - shortest + 1 }, (_, i) => longest - i);
  return prefixes.find(fits);
}

function podNetwork(root: unknown, { name, path, groups }: ClusterNodes): Problem[] {
  const text = valueAt(root, [...path, "podCidr"]) ?? DEFAULT_POD_CIDR;
  const pods = typeof text === "string" ? parseCidr(text) : undefined;
  const nodes = sum(groups);
  if (pods === undefined || typeof pods === "string" || pods.prefix < 12 || pods.prefix > 20) {
    return [];
  }
  if (nodes <= nodesOfPodNetwork(pods.prefix)) {
    return [];
  }
  const better = longestThatFits(pods.prefix, 12, (prefix) => nodes <= nodesOfPodNetwork(prefix));
  return [
    {
      path: [...path, "podCidr"],
      message:
        `${pods.text} has a /24 for the pods of each of ${nodesOfPodNetwork(pods.prefix)} nodes, and the workers of ` +
        `${name} may be ${nodes}; ${advice(better)}`,
    },
  ];
}

function network(root: unknown, eks: ClusterNodes[], selfManaged: ClusterNodes[]): Problem[] {
  const path = ["network", "cidr"];
  const text = valueAt(root, path);
  const cidr = typeof text === "string" ? parseCidr(text) : undefined;
  // Fewer than three are a problem of their own.
  const zones = Math.max(3, new Set(strings(root, ["network", "zones"]).map((zone) => zone.text)).size);
  if (cidr === undefined || typeof cidr === "string" || cidr.prefix < 16 || cidr.prefix > 20) {
    return [];
  }
  const others = [
    ...selfManaged.flatMap(({ path: cluster, groups }) => [
      ...groups,
      ...counts(root, [...cluster, "controllers", "count"]),
      ...counts(root, [...cluster, "etcd", "members"]),
    ]),
    ...counts(root, ["mesh", "consul", "servers"]),
    ...counts(root, ["mesh", "gateways", "max"]),
  ];
  const wanted = blocksOfZone({ zones, eks: eks.map(({ groups }) => groups), others });
  if (wanted <= blocksOfSubnet(cidr.prefix)) {
    return [];
  }
  const better = longestThatFits(cidr.prefix, 16, (prefix) => wanted <= blocksOfSubnet(prefix));
  const asked = eks.map(({ name, groups }) => `${name} (up to ${sum(groups)} nodes)`).join(", ");
  return [
    {
      path,
      message:
        `${cidr.text} is too small for the pods asked for: each zone has ${blocksOfSubnet(cidr.prefix)} blocks of 16 ` +
        `addresses, and ${asked} with ${MAX_PODS} pods a node take ${wanted}; ${advice(better)}`,
    },
  ];
}

const advice = (prefix: number | undefined) =>
  prefix === undefined
    ? "no network that is allowed here holds them, so ask for fewer nodes"
    : `write a /${prefix} or larger, or ask for fewer nodes`;
