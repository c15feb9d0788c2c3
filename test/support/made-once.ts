import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const HOUR = 60 * 60 * 1000;

/**
 * The folder, made at its first use by whichever process is first; the others wait. It is made beside its place and
 * renamed, so that it is there whole or not at all. Older ones of the same name, which end in other keys, go when nobody
 * has used them for an hour.
 *
 * @param folder ends in a dash and the key of all that it is made from
 */
export async function madeOnce(folder: string, make: (draft: string) => Promise<void>): Promise<string> {
  await mkdir(dirname(folder), { recursive: true });
  if (!existsSync(folder)) {
    await withLock(`${folder}.lock`, async () => {
      if (existsSync(folder)) return;
      const draft = `${folder}.draft`;
      await rm(draft, { recursive: true, force: true });
      await make(draft);
      await rename(draft, folder);
    });
    await forgetOlder(folder);
  }
  await utimes(folder, new Date(), new Date());
  return folder;
}

async function forgetOlder(folder: string): Promise<void> {
  const prefix = basename(folder).replace(/[^-]*$/, "");
  for (const name of await readdir(dirname(folder))) {
    const path = join(dirname(folder), name);
    const sibling = name.startsWith(prefix) && /^[0-9a-f]+(\.draft)?$/.test(name.slice(prefix.length));
    if (sibling && path !== folder && Date.now() - (await stat(path)).mtimeMs > HOUR) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

/** One holder at a time; what a holder left that is no longer running is taken over. */
async function withLock(lock: string, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await writeFile(lock, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      if (await isAbandoned(lock)) await rm(lock, { force: true });
      else await sleep(200);
    }
  }
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function isAbandoned(lock: string): Promise<boolean> {
  const holder = Number(await readFile(lock, "utf8").catch(() => "0"));
  // Written in two steps, created and filled: one that is still empty belongs to somebody who has just come.
  return holder > 0 && !existsSync(`/proc/${holder}`);
}
