import { reachesTraffic, typesOf } from "./active-cluster";
import { counted, ends, listed } from "./changes";
import { groupOf } from "./groups";
import type { Rule } from "./rule";

/** All calls between clusters, Mesos and servers go through the mesh: what is changed there beside its instances. */
export const meshTouched: Rule = (stack) => {
  const reached =
    stack.kind === "mesh"
      ? stack.plan.changes.filter(
          // Of groups and their templates other rules tell more.
          (change) => reachesTraffic(change) && (groupOf(stack, change) === undefined || ends(change)),
        )
      : [];
  const ending = reached.filter(ends);
  return reached.length === 0
    ? []
    : [
        {
          code: "mesh-touched",
          severity: ending.length > 0 ? "danger" : "attention",
          address: reached.length === 1 ? (reached[0]?.address ?? null) : null,
          text:
            `calls by name of the whole environment go through what changes here: ${counted(reached.length, "change")}` +
            (ending.length === 0
              ? ""
              : `, ${ending.length} of which ${ending.length === 1 ? "deletes or replaces" : "delete or replace"}`) +
            ` (${listed(typesOf(ending.length > 0 ? ending : reached))})`,
        },
      ];
};
