import { architectureOf } from "../instance-type";
import { minorOf, SUPPORTED_MINORS } from "../kubernetes-version";
import { valueAt, type Path, type Problem } from "../problem";
import { duplicates, entries, isMapping, strings } from "./values";

export function kubernetesVersions(root: unknown): Problem[] {
  return entries(root, ["clusters"]).flatMap(([, cluster]) => {
    const path = [...cluster, "kubernetes"];
    const version = valueAt(root, path);
    const minor = typeof version === "string" ? minorOf(version) : undefined;
    return minor === undefined || SUPPORTED_MINORS.includes(minor)
      ? []
      : [
          {
            path,
            message: `Kubernetes ${minor} is not supported; write one of ${SUPPORTED_MINORS.join(", ")}`,
          },
        ];
  });
}

export function workerGroups(root: unknown): Problem[] {
  return entries(root, ["clusters"]).flatMap(([, cluster]) => {
    const groups = entries(root, [...cluster, "workers"]);
    const none =
      isMapping(valueAt(root, [...cluster, "workers"])) && groups.length === 0
        ? [{ path: [...cluster, "workers"], message: "is empty; a cluster wants at least one worker group" }]
        : [];
    return [
      ...none,
      ...groups.flatMap(([, group]) => [...scalingOrder(root, group), ...instanceTypes(root, group)]),
    ];
  });
}

function scalingOrder(root: unknown, group: Path): Problem[] {
  const path = [...group, "scaling"];
  const [min, max, initial] = ["min", "max", "initial"].map((key) => valueAt(root, [...path, key]));
  if (typeof min !== "number" || typeof max !== "number") {
    return [];
  }
  if (min > max) {
    return [{ path: [...path, "min"], message: `min ${min} is above max ${max}; write min ≤ max` }];
  }
  return typeof initial === "number" && (initial < min || initial > max)
    ? [{ path: [...path, "initial"], message: `initial ${initial} is outside ${min} to ${max}` }]
    : [];
}

function instanceTypes(root: unknown, group: Path): Problem[] {
  const types = strings(root, [...group, "instanceTypes"]);
  const [first] = types;
  if (first === undefined) {
    return [];
  }
  const architecture = architectureOf(first.text);
  return [
    ...duplicates(types, "instance type"),
    ...types
      .filter(({ text }) => architectureOf(text) !== architecture)
      .map(({ text, path }) => ({
        path,
        message:
          `${text} is ${architectureOf(text)} and ${first.text} is ${architecture}; ` +
          `one image serves the group, so give each architecture a group of its own`,
      })),
  ];
}
