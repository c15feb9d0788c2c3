import { counted, listed } from "../../words";
import { carriesTraffic } from "../clusters";
import type { Severity } from "../model";
import type { PlannedChange } from "../plan";
import { textOf } from "./changes";
import { dialWords } from "./dial-words";
import {
  explainedBy,
  goesToNothing,
  groupOf,
  mannerOf,
  mannerOfNodes,
  refreshes,
  refreshing,
  ROLLING,
  rolls,
  sizeOf,
} from "./groups";
import { clusterOf, type Rule, type Said } from "./rule";

/** Instances of a cluster are replaced by new ones, without a person ending them: workers and controllers. */
export const nodesRotated: Rule = (stack, around): Said[] => {
  const cluster = clusterOf(stack, around);
  if (stack.kind !== "cluster" || cluster === undefined) {
    return [];
  }
  const severityOf = (all: readonly PlannedChange[]): Severity =>
    carriesTraffic(cluster) === "no" ? "note" : all.some(goesToNothing) ? "danger" : "attention";
  const explains = (all: readonly PlannedChange[]) =>
    all.flatMap((change) =>
      explainedBy(stack, change, rolls(change) ? [...ROLLING, "update_config"] : refreshing(change)),
    );
  const rotated = stack.plan.changes.filter((change) => refreshes(change) || rolls(change));
  const workers = rotated.filter((change) => rolls(change) || groupOf(stack, change)?.role === "workers");
  const controllers = rotated.filter((change) => groupOf(stack, change)?.role === "controllers");
  return [
    ...controllers.map((change) => ({
      code: "controllers-rotated",
      severity: severityOf([change]),
      address: change.address,
      text: `all ${sizeOf(change)} controllers of ${cluster.name} are replaced, ${mannerOf(change)}; ${dialWords(cluster)}`,
      explains: explains([change]),
    })),
    ...(workers.length === 0
      ? []
      : [
          {
            code: "workers-rotated",
            severity: severityOf(workers),
            address: workers.length === 1 ? (workers[0]?.address ?? null) : null,
            text:
              `all workers of ${counted(workers.length, "group")} of ${cluster.name} are replaced: ` +
              `${listed(workers.map(groupSaid))}; ${dialWords(cluster)}`,
            explains: explains(workers),
          },
        ]),
  ];
};

const groupSaid = (change: PlannedChange): string =>
  rolls(change)
    ? `${textOf(change, "node_group_name") ?? change.address} (${sizeOf(change)}, ${mannerOfNodes(change)})`
    : `${textOf(change, "name") ?? change.address} (${sizeOf(change)}, ${mannerOf(change)})`;
