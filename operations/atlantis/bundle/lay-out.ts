import { lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { OperationFailure } from "../../failure";
import { writeWhole } from "../../whole-file";
import { quoted } from "../code-check/finding";
import { STACK_NAME, stackFolder } from "../stack-name";
import { git } from "./git";
import type { Bundle } from "./format";

/** Name of a stack's code in its folder. */
const CODE = "cdk.tf.json";

/** Atlantis reads this file of the clone after a hook that went well, through any link, and posts it as commit status. */
const STATUS = "OUTPUT_STATUS_FILE";

export interface LaidOut {
  /** Names of stacks whose code was written, sorted. */
  readonly written: readonly string[];
  /** Of those whose code was there already. */
  readonly unchanged: readonly string[];
  /** Of those that the commit does not have any more: their folders are gone, with what was planned in them. */
  readonly removed: readonly string[];
}

/**
 * Writes the stacks of a bundle into a clone, so that the folders of Atlantis' projects are there. A folder's other files
 * stay, since Atlantis keeps its plans there. Either all is checked or nothing is written.
 *
 * @param clone root of a work tree of git
 * @throws OperationFailure refused when the commit itself has files there, when something is there that is no folder, or
 *   when the clone has what Atlantis would post; invalid when it is no clone
 */
export async function layOut(clone: string, { stacks }: Bundle): Promise<LaidOut> {
  const root = await rootOf(clone);
  await checkUntracked(root);
  await checkNoStatus(root);
  const names = Object.keys(stacks);
  const folders = ["cdktf.out", "cdktf.out/stacks", ...names.map(stackFolder)];
  folders.forEach((folder) => checkFolder(root, folder));
  names.forEach((name) => checkFile(root, `${stackFolder(name)}/${CODE}`));
  const leftover = stacksIn(root).filter((name) => !Object.hasOwn(stacks, name));

  leftover.forEach((name) => rmSync(join(root, stackFolder(name)), { recursive: true }));
  const written = Object.entries(stacks).filter(([name, { code }]) => write(root, name, code));
  const changed = new Set(written.map(([name]) => name));
  return { written: [...changed], unchanged: names.filter((name) => !changed.has(name)), removed: leftover };
}

async function rootOf(clone: string): Promise<string> {
  const root = exists(clone) ? realpathSync(clone) : clone;
  const found = await git(root, ["rev-parse", "--show-toplevel"]).catch(() => undefined);
  if (found?.replace(/\n$/, "") !== root) {
    throw new OperationFailure("invalid", `${clone} is not the root of a clone`, "name it with --directory");
  }
  return root;
}

/** Files that a commit brings there would stand beside the verified code: settings, locks, links to elsewhere. */
async function checkUntracked(root: string): Promise<void> {
  const first = await trackedAs(root, "cdktf.out");
  if (first !== undefined) {
    throw new OperationFailure(
      "refused",
      `the commit has ${quoted(first)}, and cdktf.out is for verified code alone`,
      "git rm -r --cached cdktf.out, and have it in .gitignore",
    );
  }
}

/** A link of a commit would have the server read any of its own files aloud. */
async function checkNoStatus(root: string): Promise<void> {
  if (exists(join(root, STATUS)) || (await trackedAs(root, STATUS)) !== undefined) {
    throw new OperationFailure(
      "refused",
      `the clone has ${STATUS}, which Atlantis would post as commit status`,
      "take it out of the commit, and push again",
    );
  }
}

/** @returns the first file at or below a path that git tracks, in whatever case of letters */
async function trackedAs(root: string, path: string): Promise<string | undefined> {
  const tracked = await git(root, ["ls-files", "-z", "--", `:(top,icase)${path}`]);
  return tracked.split("\0").find((file) => file !== "");
}

function checkFolder(root: string, folder: string): void {
  const path = join(root, folder);
  if (exists(path) && !lstatSync(path).isDirectory()) {
    throw new OperationFailure("refused", `${folder} of the clone is no folder`, "remove it, and plan again");
  }
}

function checkFile(root: string, file: string): void {
  const path = join(root, file);
  if (exists(path) && !lstatSync(path).isFile()) {
    throw new OperationFailure(
      "refused",
      `${file} of the clone is no regular file`,
      "remove it, and plan again",
    );
  }
}

/** Stacks that an earlier commit has left. What has no name of a stack is nobody's project. */
const stacksIn = (root: string): string[] =>
  exists(join(root, "cdktf.out/stacks"))
    ? readdirSync(join(root, "cdktf.out/stacks"))
        .filter((name) => STACK_NAME.test(name))
        .sort()
    : [];

/** @returns whether it was other code before */
function write(root: string, name: string, code: string): boolean {
  const folder = join(root, stackFolder(name));
  const file = join(folder, CODE);
  if (exists(file) && readFileSync(file, "utf8") === code) {
    return false;
  }
  mkdirSync(folder, { recursive: true });
  writeWhole(file, code);
  return true;
}

/** Also a link that leads nowhere. */
const exists = (path: string) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
