import { createHash } from "node:crypto";
import { access, constants, mkdir, realpath, stat, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { cacheFolder } from "../cache";

/**
 * Programs that were found to do, so that none is started again only to say its version: that takes longer than all the
 * rest of a refresh. One is known by its real path, size and time of change: another version is another program.
 */
export class CheckedPrograms {
  constructor(private readonly environment: NodeJS.ProcessEnv = process.env) {}

  /** What identifies the program that this name means now, or undefined when none is found. */
  async identify(name: string): Promise<string | undefined> {
    for (const folder of (this.environment.PATH ?? "").split(delimiter).filter((part) => part !== "")) {
      const path = join(folder, name);
      try {
        await access(path, constants.X_OK);
        const [real, { size, mtimeMs }] = await Promise.all([realpath(path), stat(path)]);
        return createHash("sha256").update(`${real}\n${size}\n${mtimeMs}`).digest("hex");
      } catch {
        // Not in this folder, or nothing that runs.
      }
    }
    return undefined;
  }

  async has(identity: string): Promise<boolean> {
    return stat(join(this.folder, identity)).then(
      () => true,
      () => false,
    );
  }

  /** What cannot be kept is only looked at again. */
  async add(identity: string): Promise<void> {
    try {
      await mkdir(this.folder, { recursive: true });
      await writeFile(join(this.folder, identity), "");
    } catch {
      // A home that cannot be written to.
    }
  }

  private get folder(): string {
    return join(cacheFolder(this.environment), "checked-programs");
  }
}
