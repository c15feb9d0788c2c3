import { valueAt, type Path, type Problem } from "../problem";
import { entries, isMapping } from "./values";

export function exactlyOneActive(root: unknown): Problem[] {
  const clusters = entries(root, ["clusters"]);
  const active = clusters.filter(([, path]) => valueAt(root, [...path, "role"]) === "active");
  if (clusters.length === 0) {
    return isMapping(valueAt(root, ["clusters"]))
      ? [{ path: ["clusters"], message: "is empty; it wants at least one cluster, and one of them active" }]
      : [];
  }
  if (active.length === 0) {
    const retiring = clusters.find(([, path]) => valueAt(root, [...path, "role"]) === "retiring");
    if (retiring !== undefined) {
      return [retiringAlone(root, retiring, clusters)];
    }
    const names = clusters.map(([name]) => name).join(", ");
    return [
      { path: ["clusters"], message: `none of ${names} is active; give exactly one of them role: active` },
    ];
  }
  return active.slice(1).map(([name, path]) => ({
    path: [...path, "role"],
    message: `${active[0]?.[0]} and ${name} are both active; exactly one cluster is, so make one of them passive`,
  }));
}

/** Retiring comes after another cluster has taken over, or the environment's traffic has nowhere to go. */
function retiringAlone(root: unknown, [name, path]: [string, Path], clusters: [string, Path][]): Problem {
  const passive = clusters.find(([, other]) => valueAt(root, [...other, "role"]) === "passive");
  const first =
    passive === undefined
      ? `add another cluster and make it active first, or keep ${name} active`
      : `make ${passive[0]} active first, or keep ${name} active`;
  return {
    path: [...path, "role"],
    message: `${name} is retiring, and no other cluster is active; ${first}`,
  };
}
