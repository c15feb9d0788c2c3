import type { RuleForTheRest } from "./rule";
import { reachingTraffic, touched } from "./touched";

/** All calls between clusters, Mesos and servers go through the mesh: what changes there, and no other rule tells. */
export const meshTouched: RuleForTheRest = (stack, _, explained) =>
  stack.kind === "mesh"
    ? touched(
        "mesh-touched",
        reachingTraffic(stack.plan.changes, explained),
        (changes) => `calls by name of the whole environment go through what changes here: ${changes}`,
      )
    : [];
