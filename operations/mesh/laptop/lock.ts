import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { OperationFailure } from "../../failure";
import { identityOf } from "../identity";

const ownerSchema = z.object({
  pid: z.int().min(2),
  identity: z.string(),
  /** What it does, for whom it keeps waiting: `skyline mesh up`. */
  command: z.string().startsWith("skyline mesh "),
});

type Owner = z.infer<typeof ownerSchema>;

/**
 * Runs work while no other process does any on the same folder. The lock of a process that has died is taken over.
 * @throws OperationFailure at once when another holds it, or the file is no lock of ours (`yarn.lock`)
 */
export async function alone<T>(directory: string, command: string, work: () => Promise<T>): Promise<T> {
  const file = `${directory}.lock`;
  mkdirSync(dirname(file), { recursive: true });
  while (!acquire(file, command)) {
    const owner = ownerOf(file);
    if (owner === undefined) continue;
    if (identityOf(owner.pid) === owner.identity) {
      throw new OperationFailure(
        "conflict",
        `${owner.command} is at work on ${directory} (process ${owner.pid})`,
        "wait until it has ended",
      );
    }
    takeAway(file, owner);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** A link, and not an exclusive open: whoever sees the file sees all of it. */
function acquire(file: string, command: string): boolean {
  const draft = `${file}.${process.pid}`;
  const owner: Owner = { pid: process.pid, identity: identityOf(process.pid) ?? "", command };
  writeFileSync(draft, JSON.stringify(owner));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Undefined when the file has gone meanwhile. @throws OperationFailure invalid, when it is no lock */
function ownerOf(file: string): Owner | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    text = "";
  }
  const owner = parse(text);
  if (owner === undefined) {
    throw new OperationFailure(
      "invalid",
      `${file} is no lock of skyline mesh`,
      "name another folder with --directory",
    );
  }
  return owner;
}

function parse(text: string): Owner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Removes the lock of a dead process. Two may come to this at once: the second must not remove the lock of the first. */
function takeAway(file: string, dead: Owner): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (parse(readFileSync(aside, "utf8"))?.identity !== dead.identity) {
    try {
      linkSync(aside, file);
    } catch {
      // A third has come: the one that we moved aside sees it when it looks, and so do we.
    }
  }
  rmSync(aside, { force: true });
}
