import { listed } from "../../words";
import type { PlannedChange } from "../plan";
import type { PlannedStack } from "../stack";
import { blocksIn, bothSides, changes, textsIn } from "./changes";
import { explainedBy, refreshes } from "./groups";
import type { Said } from "./rule";

/**
 * What leaves a group of the mesh as it is today, and is felt later: AWS stops to look after it, or a new template reaches
 * none of its instances.
 *
 * @param whose `the gateways`, `the Consul servers`
 */
export const neglected = (stack: PlannedStack, change: PlannedChange, whose: string): Said[] => [
  ...suspended(change, whose),
  ...unused(stack, change, whose),
];

function suspended(change: PlannedChange, whose: string): Said[] {
  const attribute = "suspended_processes";
  const [before, after] = bothSides(change, (side) => textsIn(side, attribute));
  const added = after.filter((process) => !before.includes(process)).sort();
  const isUnreached = refreshes(change) && after.includes("AddToLoadBalancer") && hasBalancer(change);
  return change.action !== "update" || (added.length === 0 && !isUnreached)
    ? []
    : [
        {
          code: "group-suspended",
          severity: isUnreached ? "danger" : "attention",
          address: change.address,
          text:
            `AWS stops to look after ${whose}' group: ${listed(added.length > 0 ? added : after)} suspended` +
            (isUnreached ? `, and ${whose.replace("the ", "the new ")} reach no balancer` : ""),
          explains: [{ change, attributes: [attribute] }],
        },
      ];
}

const hasBalancer = ({ after }: PlannedChange) =>
  textsIn(after, "target_group_arns").length + blocksIn(after, "traffic_source").length > 0;

/** A group without an instance refresh gives its new template to instances that it makes for another reason. */
function unused(stack: PlannedStack, change: PlannedChange, whose: string): Said[] {
  const [before, after] = bothSides(change, (side) => blocksIn(side, "instance_refresh").length > 0);
  const isChanged = changes(change, "launch_template", "mixed_instances_policy", "launch_configuration");
  return change.action !== "update" || after || !(before || isChanged)
    ? []
    : [
        {
          code: "template-unused",
          severity: "attention",
          address: change.address,
          text:
            (isChanged
              ? `the new template reaches none of ${whose} before an instance is replaced`
              : `a later template reaches none of ${whose}`) +
            `: their group has no instance refresh${before ? " any more" : ""}`,
          explains: explainedBy(stack, change, [
            ...["launch_template", "mixed_instances_policy", "launch_configuration", "instance_refresh"],
          ]),
        },
      ];
}
