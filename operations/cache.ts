import { homedir } from "node:os";
import { join } from "node:path";

/** Folder for what is built or installed once: SKYLINE_CACHE, or skyline below the user's cache folder. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return (
    environment.SKYLINE_CACHE ?? join(environment.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "skyline")
  );
}
