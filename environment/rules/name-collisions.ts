import { clusterResourceName, isControlPlanePart, REFUSED_PREFIXES, RESERVED_CLUSTER_NAMES } from "../naming";
import { showPath, valueAt, type Path, type Problem } from "../problem";
import { entries } from "./values";

/** Names that AWS refuses, or that two things would have. A plan does not see it: the apply fails half way. */

export function environmentName(root: unknown): Problem[] {
  const path = ["environment"];
  const name = valueAt(root, path);
  const refused =
    typeof name === "string"
      ? [...REFUSED_PREFIXES].find(([prefix]) => `${name}-`.startsWith(prefix))
      : undefined;
  return refused === undefined
    ? []
    : [
        {
          path,
          message:
            `AWS refuses names of ${refused[1]} that begin with ${refused[0]}, as those of ${name} would; ` +
            `write another name like development`,
        },
      ];
}

export function reservedClusters(root: unknown): Problem[] {
  return entries(root, ["clusters"]).flatMap(([name, path]) => {
    const owner = RESERVED_CLUSTER_NAMES.get(name);
    return owner === undefined
      ? []
      : [
          {
            path,
            message: `${name} is in the names of ${owner}; write another name of a cluster like alpha`,
            atKey: true,
          },
        ];
  });
}

/** `<cluster>-<group>` of all clusters: the hyphen does not tell where one name ends. */
export function groupNames(root: unknown): Problem[] {
  const clusters = entries(root, ["clusters"]);
  const selfManaged = clusters.filter(([, path]) => valueAt(root, [...path, "kind"]) === "self-managed");
  const first = new Map<string, Path>();
  return clusters.flatMap(([cluster, clusterPath]) =>
    entries(root, [...clusterPath, "workers"]).flatMap(([group, path]) => {
      const name = `${cluster}-${group}`;
      const part = selfManaged
        .map(([owner]) => ({ owner, part: name.slice(owner.length + 1) }))
        .find(({ owner, part }) => name.startsWith(`${owner}-`) && isControlPlanePart(part));
      const other = part === undefined ? first.get(name) : undefined;
      if (!first.has(name)) first.set(name, path);
      const taken =
        part !== undefined ? `${part.part} of the cluster ${part.owner}` : other && showPath(other);
      return taken === undefined
        ? []
        : [
            {
              path,
              message:
                `${clusterResourceName("<environment>", cluster, group)} is also the name of ${taken}; ` +
                `write another name of a worker group like general`,
              atKey: true,
            },
          ];
    }),
  );
}
