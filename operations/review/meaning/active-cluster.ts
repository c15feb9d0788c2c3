import { counted } from "../../words";
import { carriesTraffic } from "../clusters";
import { isRemoval } from "./cluster-removal";
import { clusterOf, type RuleForTheRest } from "./rule";
import { reachingTraffic, touched } from "./touched";

/** A cluster that traffic goes to is changed in what the traffic goes through, and no other rule tells how. */
export const activeClusterTouched: RuleForTheRest = (stack, around, explained) => {
  const cluster = clusterOf(stack, around);
  const traffic = cluster === undefined ? "no" : carriesTraffic(cluster);
  // Of a removal there is a rule of its own.
  if (cluster === undefined || traffic === "no" || isRemoval(stack, around)) {
    return [];
  }
  const { name, weight } = cluster;
  const who =
    traffic === "unknown"
      ? `nobody can tell whether ${name} has traffic; if it has, this reaches it`
      : weight !== null && weight > 0
        ? `${name} has ${counted(weight, "point")} of the dial`
        : `${name} is active`;
  return touched(
    "active-cluster-touched",
    reachingTraffic(stack.plan.changes, explained),
    (changes) => `${who}: ${changes} in what its traffic goes through`,
  );
};
