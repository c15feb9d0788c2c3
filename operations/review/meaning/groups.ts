import { clusterResourceName } from "../../../environment/naming";
import { childOf, isObject } from "../masked";
import type { PlannedChange } from "../plan";
import type { StackIdentity } from "../stack";
import { blocksIn, changes, numberIn, tagOf, textIn, textOf } from "./changes";

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
  const triggers = childOf(refresh, "triggers");
  return (
    change.type === "aws_autoscaling_group" &&
    change.action === "update" &&
    refresh !== undefined &&
    changes(
      change,
      ...REFRESHING,
      ...(Array.isArray(triggers) ? triggers.filter((one) => typeof one === "string") : []),
    )
  );
}

/** Whether a managed group of EKS replaces its nodes, one at a time. */
export const rolls = (change: PlannedChange): boolean =>
  change.type === "aws_eks_node_group" &&
  change.action === "update" &&
  changes(change, "launch_template", "version", "release_version");

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
export const goesBelow = (change: PlannedChange): boolean => {
  const [refresh] = blocksIn(change.after, "instance_refresh");
  const [preferences] = refresh === undefined ? [] : blocksIn(refresh, "preferences");
  // What AWS takes when nobody says it.
  const healthy = preferences === undefined ? undefined : numberIn(preferences, "min_healthy_percentage");
  return (healthy ?? 90) < 100;
};
