import { blocksBelow } from "../document";
import { at, quoted, type Problem, type Rule } from "../finding";

/** Sections that code may have, and how many labels a block in them has. */
export const sectionLabels: ReadonlyMap<string, number> = new Map([
  ["terraform", 0],
  ["provider", 1],
  ["resource", 2],
  ["data", 2],
  ["output", 1],
  ["variable", 1],
  ["locals", 0],
  // A plan shows what these do: an import reads one resource, and the others only move what the state says.
  ["import", 0],
  ["moved", 0],
  ["removed", 0],
]);

const REASONS: ReadonlyMap<string, string> = new Map([
  ["module", "a module's code comes from elsewhere, and nobody has reviewed it; write it as constructs"],
  ["check", "a check reads data sources of its own; write conditions of outputs and resources"],
  ["ephemeral", "an ephemeral resource reads a secret at each plan, and shows it to no review"],
  ["action", "an action runs at an apply and is no change of a plan; leave it out"],
]);

/** Sections are those of the list: what Terraform will have one day is for a person to judge first. */
export const sections: Rule = ({ code }) => {
  const problems: Problem[] = [];
  const malformed = (where: string) =>
    problems.push({ where, message: "is no block; it must be an object, or an array of objects" });
  for (const [section, value] of Object.entries(code)) {
    const labels = sectionLabels.get(section);
    if (labels !== undefined) {
      blocksBelow(value, labels, section, malformed);
    } else if (section !== "//") {
      const reason = REASONS.get(section) ?? `${quoted(section)} is no section that stacks have`;
      problems.push({ where: at("", section), message: reason });
    }
  }
  return problems;
};
