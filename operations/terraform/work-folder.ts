import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Runs work in a new folder that no other user can look into, and removes it however the work ends. Plans and states hold
 * secrets in the clear; and nothing that anybody has put beside the code is there for Terraform to find.
 *
 * @param work gets the folder's path
 */
export async function withWorkFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  // Mode 0700, by mkdtemp itself.
  const folder = await mkdtemp(join(tmpdir(), "skyline-terraform-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
