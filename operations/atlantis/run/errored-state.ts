import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { OperationFailure } from "../../failure";
import { ERRORED_STATE } from "../../terraform/work-folder";
import { writePrivately } from "./private-file";

/**
 * States that Terraform could not write to their backend: each the only thing that knows what an apply has made. They
 * outlive the work folder, and the clone, which Atlantis deletes.
 */
export class ErroredStates {
  private constructor(private readonly folder: string) {}

  /**
   * Those of a server.
   *
   * @throws OperationFailure invalid, when the folder that it names moves with the current one
   */
  static of({ SKYLINE_STATE_FOLDER: named, HOME: home = homedir() }: NodeJS.ProcessEnv): ErroredStates {
    const folder = named ?? join(home, ".skyline", "errored-states");
    if (!isAbsolute(folder)) {
      throw new OperationFailure(
        "invalid",
        `SKYLINE_STATE_FOLDER is ${JSON.stringify(folder)}, which is no absolute path`,
      );
    }
    return new ErroredStates(folder);
  }

  /** @returns paths of a stack's states that nobody has taken care of yet, the oldest first */
  async pendingOf(stack: string): Promise<readonly string[]> {
    const names = await readdir(this.folder).catch(unlessMissing([]));
    return names
      .filter((name) => name.startsWith(`${stack}-`) && TIME.test(name.slice(stack.length + 1)))
      .sort()
      .map((name) => join(this.folder, name));
  }

  /**
   * Moves the state that Terraform has left in its folder.
   *
   * @returns its new path; undefined when there is none
   * @throws when it cannot be moved: it is where it was then
   */
  async keep(stack: string, workFolder: string): Promise<string | undefined> {
    const left = join(workFolder, ERRORED_STATE);
    const state = await readFile(left).catch(unlessMissing(undefined));
    if (state === undefined) {
      return undefined;
    }
    const time = new Date().toISOString().replace(/[-:.]/g, "");
    const kept = join(this.folder, `${stack}-${time}.tfstate`);
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    // Not renamed: it may be on another file system.
    await writePrivately(kept, state);
    await rm(left);
    return kept;
  }
}

/** `20260102T030405678Z.tfstate`: what follows the name of a stack, and not that of one whose name is longer. */
const TIME = /^\d{8}T\d{9}Z\.tfstate$/;

const unlessMissing =
  <T>(otherwise: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === "ENOENT") return otherwise;
    throw error;
  };
