import { isObject } from "../../environment/json-object";
import { childOf, type Masked } from "./masked";
import { blocksIn, numberIn, textIn, textOf } from "./meaning/changes";
import { sizeIn } from "./meaning/groups";
import type { Cost, CostItem } from "./model";
import type { Plan, PlannedChange } from "./plan";
import type { PlannedStack } from "./stack";

/** What has a price of its own, and how many of it a resource is. */
type Priced = readonly [what: string, count: number];

/**
 * Direction of the monthly costs, from what is billed by the hour, the piece or the GiB. Sums of money would want prices,
 * discounts and traffic, which no plan knows.
 *
 * @param isWhole whether all stacks could be planned in whole: otherwise the direction is not plain
 */
export function costOf(stacks: readonly PlannedStack[], isWhole: boolean): Cost {
  const items = stacks.flatMap(({ stack, plan }) => itemsOf(stack, plan));
  return { direction: isWhole ? directionOf(items) : "unknown", items };
}

function itemsOf(stack: string, plan: Plan): CostItem[] {
  const counts = new Map<string, number>();
  const add = (sign: 1 | -1, priced: readonly Priced[]) => {
    for (const [what, count] of priced) counts.set(what, (counts.get(what) ?? 0) + sign * count);
  };
  const templates = templatesOf(plan);
  for (const change of plan.changes) {
    // What is forgotten goes on costing, what is taken over or renamed has cost already.
    if (["forget", "import", "move"].includes(change.action) || change.isDeposed) continue;
    add(-1, pricedIn(change.before, change, templates.before));
    add(1, pricedIn(change.after, change, templates.after));
  }
  return [...counts.entries()]
    .filter(([, count]) => count !== 0)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([what, count]) => ({
      stack,
      what,
      direction: count > 0 ? "more" : "less",
      count: Math.abs(count),
    }));
}

/** Instance types of launch templates by name, which is also the name of the group that launches from one. */
interface Templates {
  readonly before: ReadonlyMap<string, string>;
  readonly after: ReadonlyMap<string, string>;
}

function templatesOf({ changes, unchanged }: Plan): Templates {
  const templates = [...unchanged, ...changes].filter(({ type }) => type === "aws_launch_template");
  const side = (which: "before" | "after") =>
    new Map(
      templates.flatMap((template): [string, string][] => {
        const name = textOf(template, "name");
        const type = textIn(template[which], "instance_type");
        return name === undefined || type === undefined || type === "" ? [] : [[name, type]];
      }),
    );
  return { before: side("before"), after: side("after") };
}

function pricedIn(side: Masked, change: PlannedChange, templates: ReadonlyMap<string, string>): Priced[] {
  if (!isObject(side)) {
    return [];
  }
  switch (change.type) {
    case "aws_autoscaling_group":
      return instances(sizeIn(side)?.wanted ?? 0, typeOfGroup(side, change, templates));
    case "aws_eks_node_group":
      return instances(
        blocksIn(side, "scaling_config").map(sizeIn)[0]?.wanted ?? 0,
        firstText(childOf(side, "instance_types")),
      );
    case "aws_instance":
      return instances(1, textIn(side, "instance_type"));
    case "aws_ebs_volume":
      return [[`GiB of ${textIn(side, "type") ?? "volume"}`, numberIn(side, "size") ?? 0]];
    case "aws_route53_resolver_endpoint":
      return [["resolver address", placesIn(side, change, "ip_address")]];
    case "aws_vpc_endpoint":
      return textIn(side, "vpc_endpoint_type") === "Interface"
        ? [["interface endpoint", placesIn(side, change, "subnet_ids")]]
        : [];
    default: {
      const what = PIECES.get(change.type);
      return what === undefined ? [] : [[what, 1]];
    }
  }
}

const PIECES: ReadonlyMap<string, string> = new Map([
  ["aws_eks_cluster", "EKS control plane"],
  ["aws_nat_gateway", "NAT gateway"],
  ["aws_lb", "load balancer"],
  ["aws_kms_key", "KMS key"],
]);

const instances = (count: number, type: string | undefined): Priced[] =>
  type === undefined || count === 0 ? [] : [[type, count]];

function typeOfGroup(
  side: Masked,
  change: PlannedChange,
  templates: ReadonlyMap<string, string>,
): string | undefined {
  const [override] = blocksIn(side, "mixed_instances_policy")
    .flatMap((policy) => blocksIn(policy, "launch_template"))
    .flatMap((template) => blocksIn(template, "override"));
  return override === undefined
    ? templates.get(textOf(change, "name") ?? "")
    : textIn(override, "instance_type");
}

const firstText = (list: unknown): string | undefined =>
  Array.isArray(list) && typeof list[0] === "string" ? list[0] : undefined;

/** As many as there are places; as many as before where a plan does not know them yet, and one of what is new. */
const placesIn = (side: Masked, change: PlannedChange, attribute: string): number =>
  [side, change.before]
    .map((one) => childOf(one, attribute))
    .find((list): list is readonly Masked[] => Array.isArray(list))?.length ?? 1;

/** More of one thing and less of another is both, but for sizes of one family of instances. */
function directionOf(items: readonly CostItem[]): Cost["direction"] {
  const amounts = new Map<string, number>();
  for (const { what, direction, count } of items) {
    const [unit, size] = sizeOf(what);
    amounts.set(unit, (amounts.get(unit) ?? 0) + (direction === "more" ? 1 : -1) * count * size);
  }
  const isMore = [...amounts.values()].some((amount) => amount > 0);
  const isLess = [...amounts.values()].some((amount) => amount < 0);
  return isMore && isLess ? "both" : isMore ? "more" : isLess ? "less" : "same";
}

/** `m7i.2xlarge` is four times `m7i.large`; each family doubles its price with its size. */
function sizeOf(what: string): [unit: string, size: number] {
  const [, family, size] = /^([a-z][-a-z0-9]*)\.([a-z0-9]+)$/.exec(what) ?? [];
  const [, times] = /^(\d*)xlarge$/.exec(size ?? "") ?? [];
  const factor = times !== undefined ? 2 * Number(times === "" ? 1 : times) : SIZES.get(size ?? "");
  return family === undefined || factor === undefined ? [what, 1] : [family, factor];
}

const SIZES: ReadonlyMap<string, number> = new Map([
  ["nano", 1 / 16],
  ["micro", 1 / 8],
  ["small", 1 / 4],
  ["medium", 1 / 2],
  ["large", 1],
]);
