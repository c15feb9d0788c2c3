import { posix } from "node:path";
import { OperationFailure } from "../../failure";
import { stackFolder } from "../stack-name";
import { showYaml } from "../strict-yaml";
import type { PlannedStack } from "./stacks";

/** What decides when a stack is planned: patterns relative to the repository. */
export interface WatchedFiles {
  /** Files that can change any stack. */
  readonly code: readonly string[];
  /** Folder of the environment files. */
  readonly environments: string;
}

/**
 * `atlantis.yaml`, which Atlantis reads from the pull request: it says which stacks there are, in which order, and by
 * which files, and nothing that could weaken what the server demands.
 */
export function projectsFile(stacks: readonly PlannedStack[], files: WatchedFiles): string {
  const groups = orderGroups(stacks);
  return showYaml(HEADER, {
    version: 3,
    // Each Terraform runs in a folder and on a state of its own; order groups hold between parallel ones as well.
    parallel_plan: true,
    parallel_apply: false,
    automerge: false,
    abort_on_execution_order_fail: true,
    autodiscover: { mode: "disabled" },
    projects: [...stacks]
      .sort((one, other) => groupOf(groups, one) - groupOf(groups, other) || (one.name < other.name ? -1 : 1))
      .map((stack) => ({
        name: stack.name,
        dir: stackFolder(stack.name),
        workspace: "default",
        execution_order_group: groupOf(groups, stack),
        ...(stack.dependencies.length === 0 ? {} : { depends_on: stack.dependencies }),
        autoplan: { enabled: true, when_modified: patterns(stack, files) },
      })),
  });
}

const HEADER = [
  "Written by skyline atlantis generate from the synthesized stacks: do not edit it. What Atlantis demands of a pull",
  "request, and what it runs, is in the server's configuration (atlantis/repos.yaml) and not here.",
];

/** Atlantis reads them relative to the project's folder. */
function patterns({ name, environment }: PlannedStack, { code, environments }: WatchedFiles): string[] {
  const up = `${posix.relative(stackFolder(name), ".")}/`;
  return [`${environments}/${environment}.yaml`, ...code].map((pattern) =>
    pattern.startsWith("!") ? `!${up}${pattern.slice(1)}` : `${up}${pattern}`,
  );
}

const groupOf = (groups: ReadonlyMap<string, number>, { name }: PlannedStack) => groups.get(name) ?? 0;

/**
 * A stack's group is the length of the longest way to it from a stack that depends on nothing.
 *
 * @throws OperationFailure invalid for stacks that depend on each other in a circle
 */
function orderGroups(stacks: readonly PlannedStack[]): ReadonlyMap<string, number> {
  const groups = new Map<string, number>();
  let rest = stacks;
  for (let group = 0; rest.length > 0; group++) {
    const waiting = new Set(rest.map(({ name }) => name));
    const ready = rest.filter(({ dependencies }) => !dependencies.some((name) => waiting.has(name)));
    if (ready.length === 0) {
      throw new OperationFailure(
        "invalid",
        `stacks depend on each other in a circle: ${[...waiting].sort().join(", ")}`,
      );
    }
    ready.forEach(({ name }) => groups.set(name, group));
    rest = rest.filter(({ name }) => !groups.has(name));
  }
  return groups;
}
