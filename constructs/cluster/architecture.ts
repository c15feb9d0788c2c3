import { architectureOf, type Architecture } from "../../environment/instance-type";

/** The one architecture of a group's instance types. @throws Error when there is none, or more than one */
export function architectureOfAll(instanceTypes: readonly string[]): Architecture {
  const [first] = instanceTypes;
  if (first === undefined) {
    throw new Error("a node group wants at least one instance type");
  }
  const other = instanceTypes.find((type) => architectureOf(type) !== architectureOf(first));
  if (other !== undefined) {
    throw new Error(
      `${first} is ${architectureOf(first)} and ${other} is ${architectureOf(other)}; one image serves a node group`,
    );
  }
  return architectureOf(first);
}
