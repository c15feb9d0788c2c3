import { objectOf } from "../../environment/json-object";
import type { Diagnostic } from "./diagnostics";

/** An address of a `terraform_remote_state`, alone or with its outputs. */
const ADDRESS = /^data\.terraform_remote_state\.([\w-]+)(\.outputs)?$/;

const NO_STATE = "Unable to find remote state";

/** What Terraform calls an output that a state does not have, as `.name` and as `["name"]`. */
const NO_SUCH_OUTPUT = new Set(["Unsupported attribute", "Invalid index"]);

/**
 * The stacks that a stack waits for, when its plan failed for nothing else than that states are not there yet, or not all
 * of their outputs. It goes by what Terraform says as data and by the code's own blocks, so no text that a resource or a
 * provider has made up is taken for it.
 *
 * @param code of the stack, parsed
 * @returns sorted; empty when it waits for nothing, and its errors are errors
 */
export function awaitedStacks(errors: readonly Diagnostic[], code: unknown): readonly string[] {
  const states = statesOf(code);
  const awaited = errors.map((error) => states.get(stateIn(error) ?? ""));
  return awaited.length === 0 || awaited.includes(undefined)
    ? []
    : [...new Set(awaited as readonly string[])].sort();
}

/** Name of the block that an error is about; undefined when it is about something else. */
function stateIn({ summary, address, traversals }: Diagnostic): string | undefined {
  if (summary === NO_STATE) {
    return blockOf(address ?? "", false);
  }
  // Terraform's own errors on an expression have no address; a provider's have.
  const [traversal = "", ...others] = traversals;
  return NO_SUCH_OUTPUT.has(summary) && address === null && others.length === 0
    ? blockOf(traversal, true)
    : undefined;
}

function blockOf(address: string, outputs: boolean): string | undefined {
  const [, name, suffix] = ADDRESS.exec(address) ?? [];
  return (suffix !== undefined) === outputs ? name : undefined;
}

/** Stack by block, for those that are states of other stacks: `<env>/<stack>.tfstate`. */
function statesOf(code: unknown): ReadonlyMap<string, string> {
  const blocks = objectOf(objectOf(objectOf(code).data).terraform_remote_state);
  return new Map(
    Object.entries(blocks).flatMap(([name, block]) => {
      const { key } = objectOf(objectOf(block).config);
      const [, stack] = /^[^/]+\/([-a-z0-9]+)\.tfstate$/.exec(typeof key === "string" ? key : "") ?? [];
      return stack === undefined ? [] : [[name, stack] as const];
    }),
  );
}
