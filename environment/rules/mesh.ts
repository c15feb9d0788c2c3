import { DENIED_SERVICE_NAMES } from "../naming";
import { valueAt, type Problem } from "../problem";
import { duplicates, strings } from "./values";

export function gateways(root: unknown): Problem[] {
  const path = ["mesh", "gateways"];
  const [min, max] = ["min", "max"].map((key) => valueAt(root, [...path, key]));
  return typeof min === "number" && typeof max === "number" && min > max
    ? [{ path: [...path, "min"], message: `min ${min} is above max ${max}; write min ≤ max` }]
    : [];
}

export function mesosServices(root: unknown): Problem[] {
  const names = strings(root, ["mesh", "mesosServices"]);
  return [
    ...duplicates(names, "service"),
    ...names
      .filter(({ text }) => DENIED_SERVICE_NAMES.includes(text))
      .map(({ text, path }) => ({
        path,
        message: `${text} is never routed by the mesh; it cannot stand for a service`,
      })),
  ];
}
