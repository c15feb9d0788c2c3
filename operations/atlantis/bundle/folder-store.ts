import { randomBytes } from "node:crypto";
import { constants, existsSync, statSync } from "node:fs";
import { link, open, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { OperationFailure } from "../../failure";
import { MOST_BYTES } from "./format";
import { conflict, type Store } from "./store-contract";

/** Bundles in a folder, such as a shared disk. */
export class FolderStore implements Store {
  constructor(private readonly folder: string) {}

  addressOf(commit: string): string {
    return join(this.folder, `${commit}.json`);
  }

  async get(commit: string): Promise<Uint8Array | undefined> {
    this.checkFolder();
    const file = this.addressOf(commit);
    let handle: FileHandle;
    try {
      // No link, and no wait for whoever writes into a pipe of that name.
      handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw unreadable(file, error);
    }
    try {
      const found = await handle.stat();
      if (!found.isFile()) {
        throw new OperationFailure("invalid", `${file} is no regular file`);
      }
      if (found.size > MOST_BYTES) {
        throw new OperationFailure(
          "invalid",
          `${file} has ${found.size} bytes, and ${MOST_BYTES} are the most`,
        );
      }
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  }

  async put(commit: string, bytes: Uint8Array): Promise<boolean> {
    this.checkFolder();
    const file = this.addressOf(commit);
    const draft = join(this.folder, `.${commit}.${process.pid}-${randomBytes(6).toString("hex")}`);
    try {
      await writeSynced(draft, bytes);
      // A rename would take another's place. A link does not, and the name is never there without all the bytes.
      await link(draft, file);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
        throw new OperationFailure("refused", `${file} cannot be written: ${(error as Error).message}`);
      }
    } finally {
      await rm(draft, { force: true });
    }
    const there = await this.get(commit);
    if (there === undefined || Buffer.compare(there, bytes) !== 0) {
      throw conflict(file);
    }
    return false;
  }

  /** A disk that is not mounted is not a commit that has no bundle yet. */
  private checkFolder(): void {
    if (!existsSync(this.folder) || !statSync(this.folder).isDirectory()) {
      throw new OperationFailure("unreachable", `the store ${this.folder} is no folder`, "make or mount it");
    }
  }
}

async function writeSynced(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, "wx", 0o644);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const unreadable = (file: string, error: unknown) => {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "ELOOP"
    ? new OperationFailure("invalid", `${file} is no regular file`)
    : new OperationFailure("denied", `${file} cannot be read: ${message}`);
};
