import { counted } from "../../words";
import type { PlannedChange } from "../plan";
import type { PlannedStack } from "../stack";
import { blocksIn, bothSides, changes, ended, ends, textIn, textsIn } from "./changes";
import { neglected } from "./group-changes";
import {
  explainedBy,
  goesBelow,
  goesToNothing,
  groupOf,
  mannerOf,
  refreshes,
  refreshing,
  sizeIn,
  sizeOf,
  type Size,
} from "./groups";
import type { Rule, Said } from "./rule";

/** The gateways go, become fewer, or are replaced: each call from outside of a cluster goes through one of them. */
export const gatewaysChanged: Rule = (stack) =>
  stack.plan.changes
    .filter(
      (change) => change.type === "aws_autoscaling_group" && groupOf(stack, change)?.role === "gateways",
    )
    .flatMap((change): Said[] =>
      ends(change)
        ? [
            {
              code: "gateways-lost",
              severity: "danger",
              address: change.address,
              text: `the group of all ${sizeOf(change)} gateways ${ended(change)}: no call by name is answered meanwhile`,
              explains: [{ change }],
            },
          ]
        : change.action === "update"
          ? [
              ...fewer(change),
              ...unreached(change),
              ...neglected(stack, change, "the gateways"),
              ...rolled(stack, change),
            ]
          : [],
    );

/** AWS makes a group as small as its bounds say, whatever the plan says is wanted. */
function fewer(change: PlannedChange): Said[] {
  const [before, after] = bothSides(change, sizeIn);
  const isLess =
    before !== undefined &&
    after !== undefined &&
    (after.wanted < before.wanted || after.least < before.least || after.most < before.most);
  if (!isLess) {
    return [];
  }
  const isNone = after.wanted === 0 && before.wanted > 0;
  const explains = [{ change, attributes: ["min_size", "max_size", "desired_capacity"] }];
  return [
    isNone
      ? {
          code: "gateways-lost",
          severity: "danger",
          address: change.address,
          text: `all ${before.wanted} gateways go: no call by name is answered afterwards`,
          explains,
        }
      : {
          code: "gateways-fewer",
          severity: "attention",
          address: change.address,
          text: `fewer gateways: ${ofSize(before)} become ${ofSize(after)}`,
          explains,
        },
  ];
}

const ofSize = ({ wanted, least, most }: Size) => `${wanted} (${least} to ${most})`;

const PLACES = ["target_group_arns", "traffic_source", "load_balancers"] as const;

/** Calls come through the balancers that a group is a target of. */
function unreached(change: PlannedChange): Said[] {
  const [before, after] = bothSides(change, (side) => [
    ...textsIn(side, "target_group_arns"),
    ...textsIn(side, "load_balancers"),
    ...blocksIn(side, "traffic_source").flatMap((source) => textIn(source, "identifier") ?? []),
  ]);
  const left = before.filter((place) => !after.includes(place));
  // Places that an apply will know are places, too.
  const isNone = after.length === 0 && !change.attributes.some(isUnknownPlace);
  return !changes(change, ...PLACES) || left.length === 0
    ? []
    : [
        {
          code: "gateways-unreached",
          severity: isNone ? "danger" : "attention",
          address: change.address,
          text: isNone
            ? "the gateways leave their balancer: no call by name reaches them afterwards"
            : `the gateways leave ${left.length} of ${counted(before.length, "place")} that calls reach them at`,
          explains: [{ change, attributes: PLACES }],
        },
      ];
}

const isUnknownPlace = ({ path, after }: PlannedChange["attributes"][number]) =>
  PLACES.some((place) => path.startsWith(place)) && after.kind === "unknown";

function rolled(stack: PlannedStack, change: PlannedChange): Said[] {
  return refreshes(change)
    ? [
        {
          code: "gateways-rolled",
          severity: goesBelow(change) ? "danger" : "attention",
          address: change.address,
          text:
            `all ${sizeOf(change)} gateways are replaced, ${mannerOf(change)}: ` +
            (goesToNothing(change)
              ? "no call by name is answered meanwhile"
              : "calls go on through the others"),
          explains: explainedBy(stack, change, refreshing(change)),
        },
      ]
    : [];
}
