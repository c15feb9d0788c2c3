import { OperationFailure } from "../../failure";
import { quoted } from "../code-check/finding";
import { git } from "./git";

/**
 * Checks that a commit has in it all that its base branch has: Atlantis plans the merge of both, and the bundle is of the
 * commit alone, so that a plan of an older one would undo what others have merged. A clone without that branch says
 * nothing.
 *
 * @param base name of the branch that the pull request goes into, of anybody's choice
 * @throws OperationFailure refused
 */
export async function checkCurrent(clone: string, commit: string, base: string): Promise<void> {
  const branch = `refs/remotes/origin/${base}`;
  const tip = await git(clone, ["rev-parse", "--verify", "--quiet", branch]).catch(() => undefined);
  if (tip === undefined) {
    return;
  }
  const missing = await git(clone, ["rev-list", "--max-count=1", tip.trim(), `^${commit}`]).catch(
    () => "unknown",
  );
  if (missing !== "") {
    throw new OperationFailure(
      "refused",
      `commit ${commit} lacks commits of ${quoted(base)}: its plan would undo what they have brought`,
      "merge it into the pull request's branch, and push",
    );
  }
}
