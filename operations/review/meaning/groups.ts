import { isObject } from "../../../environment/json-object";
import { clusterResourceName } from "../../../environment/naming";
import { childOf, type Masked } from "../masked";
import type { PlannedChange } from "../plan";
import type { PlannedStack, StackIdentity } from "../stack";
import { blocksIn, changes, numberIn, tagOf, textIn, textOf, textsIn } from "./changes";
import type { Explained } from "./rule";

/** What the instances of a group are, by its name, which the contracts give. */
export interface Group {
  readonly role: "gateways" | "consul" | "etcd" | "controllers" | "workers";
  /** Of a member of etcd, from 0. */
  readonly member: number | null;
  readonly name: string;
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ["aws_autoscaling_group", "name"],
  ["aws_launch_template", "name"],
]);

/** The group that a resource is, or belongs to: an Auto Scaling group or its template, a volume or interface of etcd. */
export function groupOf(stack: StackIdentity, change: PlannedChange): Group | undefined {
  const attribute = NAMED.get(change.type);
  const name =
    attribute === undefined
      ? ["aws_ebs_volume", "aws_network_interface"].includes(change.type)
        ? tagOf(change, "Name")
        : undefined
      : textOf(change, attribute);
  if (name === undefined) {
    return undefined;
  }
  if (stack.kind === "mesh") {
    const role = name === `${stack.environment}-gateways` ? "gateways" : "consul";
    return role === "gateways" || name === `${stack.environment}-consul-servers`
      ? { role, member: null, name }
      : undefined;
  }
  if (stack.kind !== "cluster" || stack.cluster === null) {
    return undefined;
  }
  const prefix = `${clusterResourceName(stack.environment, stack.cluster)}-`;
  if (!name.startsWith(prefix)) {
    return undefined;
  }
  const part = name.slice(prefix.length);
  const [, member] = /^etcd-(\d+)$/.exec(part) ?? [];
  return member !== undefined
    ? { role: "etcd", member: Number(member), name }
    : { role: part === "controllers" ? "controllers" : "workers", member: null, name };
}

/** Attributes whose change has the provider start an instance refresh, where the group has one. */
const REFRESHING = ["launch_template", "mixed_instances_policy", "launch_configuration"];

/** Whether an apply starts an instance refresh, which replaces all instances of a group. */
export function refreshes(change: PlannedChange): boolean {
  const [refresh] = blocksIn(change.after, "instance_refresh");
  return (
    change.type === "aws_autoscaling_group" &&
    change.action === "update" &&
    refresh !== undefined &&
    changes(change, ...REFRESHING, ...textsIn(refresh, "triggers"))
  );
}

/** Attributes whose change a refresh of a group explains. */
export function refreshing(change: PlannedChange): string[] {
  const [refresh] = blocksIn(change.after, "instance_refresh");
  return [...REFRESHING, "instance_refresh", ...(refresh === undefined ? [] : textsIn(refresh, "triggers"))];
}

/** The group itself and the template of its name, of which a rule tells that the group is refreshed. */
export const explainedBy = (
  stack: PlannedStack,
  change: PlannedChange,
  attributes: readonly string[],
): Explained[] => [
  { change, attributes },
  ...stack.plan.changes
    .filter(
      (other) =>
        other.type === "aws_launch_template" &&
        other.action === "update" &&
        groupOf(stack, other)?.name === textOf(change, "name"),
    )
    .map((template) => ({ change: template })),
];

/** How many instances a group has, as far as one side of a plan tells: an autoscaler moves it between two bounds. */
export interface Size {
  readonly wanted: number;
  readonly least: number;
  readonly most: number;
}

/** Size of an Auto Scaling group, or of one block of a node group's; undefined when it is not known. */
export function sizeIn(side: Masked): Size | undefined {
  const least = numberIn(side, "min_size");
  const most = numberIn(side, "max_size");
  const desired = numberIn(side, "desired_capacity") ?? numberIn(side, "desired_size");
  const wanted = desired ?? least;
  return wanted === undefined
    ? undefined
    : {
        // AWS moves what is wanted into new bounds by itself.
        wanted: Math.min(Math.max(wanted, least ?? wanted), most ?? Number.POSITIVE_INFINITY),
        least: least ?? wanted,
        most: most ?? wanted,
      };
}

/** Attributes whose change has EKS replace the nodes of a managed group. */
export const ROLLING: readonly string[] = ["launch_template", "version", "release_version"];

/** Whether a managed group of EKS replaces its nodes. */
export const rolls = (change: PlannedChange): boolean =>
  change.type === "aws_eks_node_group" && change.action === "update" && changes(change, ...ROLLING);

/** Instances of a group as it stands, `3`, or the range that an autoscaler moves in, `3 to 9`. */
export function sizeOf({ before, after }: PlannedChange): string {
  const side = isObject(before) ? before : after;
  const [scaling = side] = blocksIn(side, "scaling_config");
  const min = numberIn(scaling, "min_size");
  const max = numberIn(scaling, "max_size");
  const desired = numberIn(scaling, "desired_capacity") ?? numberIn(scaling, "desired_size");
  return desired !== undefined && desired > 0
    ? String(desired)
    : min !== undefined && max !== undefined
      ? min === max
        ? String(min)
        : `${min} to ${max}`
      : "an unknown number of";
}

/** How an instance refresh goes about it: `new ones first`, with halts. */
export function mannerOf(change: PlannedChange): string {
  const [refresh] = blocksIn(change.after, "instance_refresh");
  const [preferences] = refresh === undefined ? [] : blocksIn(refresh, "preferences");
  const healthy = preferences === undefined ? undefined : numberIn(preferences, "min_healthy_percentage");
  const points = childOf(preferences, "checkpoint_percentages");
  const delay = preferences === undefined ? undefined : textIn(preferences, "checkpoint_delay");
  const halts = Array.isArray(points)
    ? points.filter((point) => typeof point === "number" && point < 100)
    : [];
  return [
    healthy === undefined
      ? "at the pace that AWS chooses"
      : healthy >= 100
        ? "new ones first"
        : `up to ${100 - healthy} % of them away at a time`,
    ...(halts.length > 0
      ? [`with a halt${delay === undefined ? "" : ` of ${delay} s`} after ${halts.join(" % and ")} %`]
      : []),
  ].join(", ");
}

/** Whether a refresh lets fewer stand than there are. */
export const goesBelow = (change: PlannedChange): boolean => healthyIn(change) < 100;

/** Whether nothing of a group need stand while its instances are replaced. */
export function goesToNothing(change: PlannedChange): boolean {
  if (!rolls(change)) {
    return healthyIn(change) === 0 || (goesBelow(change) && sizeIn(change.before)?.wanted === 1);
  }
  const { nodes, percentage } = unavailableIn(change);
  const [scaling] = blocksIn(change.before, "scaling_config").map(sizeIn);
  return percentage === undefined ? scaling !== undefined && nodes >= scaling.wanted : percentage >= 100;
}

function healthyIn(change: PlannedChange): number {
  const [refresh] = blocksIn(change.after, "instance_refresh");
  const [preferences] = refresh === undefined ? [] : blocksIn(refresh, "preferences");
  // What AWS takes when nobody says it.
  return (preferences === undefined ? undefined : numberIn(preferences, "min_healthy_percentage")) ?? 90;
}

/** How a managed group of EKS goes about it: `one at a time`. */
export function mannerOfNodes(change: PlannedChange): string {
  const { nodes, percentage } = unavailableIn(change);
  return (
    (percentage !== undefined
      ? `up to ${percentage} % at a time`
      : nodes === 1
        ? "one at a time"
        : `up to ${nodes} at a time`) + (goesToNothing(change) ? ", which is all of them" : "")
  );
}

/** A percentage where the group has one; otherwise so many nodes, which is one when nobody says it. */
function unavailableIn(change: PlannedChange): { nodes: number; percentage?: number } {
  const [config] = blocksIn(change.after, "update_config");
  // A plan has 0 for the one of the two that is not set.
  const [nodes, percentage] = ["max_unavailable", "max_unavailable_percentage"].map((attribute) =>
    config === undefined ? 0 : (numberIn(config, attribute) ?? 0),
  ) as [number, number];
  return percentage > 0 ? { nodes: 0, percentage } : { nodes: nodes > 0 ? nodes : 1 };
}
