import { carriesTraffic } from "../clusters";
import { isBridge } from "./bridge-resources";
import { ends, isReplaced } from "./changes";
import { isRemoval } from "./cluster-removal";
import { dialWords } from "./dial-words";
import { clusterOf, type Rule } from "./rule";

/** The bridge of a cluster is made anew: until it stands, no pod calls by name, and none is called. */
export const bridgeReplaced: Rule = (stack, around) => {
  const cluster = clusterOf(stack, around);
  if (stack.kind !== "platform" || cluster === undefined || isRemoval(stack, around)) {
    return [];
  }
  return stack.plan.changes
    .filter((change) => isBridge(change) && ends(change) && isReplaced(change))
    .map((change) => ({
      code: "bridge-replaced",
      severity: carriesTraffic(cluster) === "no" ? "attention" : "danger",
      address: change.address,
      text: `the bridge of ${cluster.name} is replaced, and no call by name goes in or out meanwhile; ${dialWords(cluster)}`,
      explains: [{ change }],
    }));
};
