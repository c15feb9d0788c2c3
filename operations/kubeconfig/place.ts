import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { readFileAt } from "./file";
import { parseKubeconfig, sectionNames } from "./document";

/**
 * The kubeconfig that is meant: the one named, or of those in KUBECONFIG the first that has entries of ours, or the first
 * of all, or `~/.kube/config`.
 */
export async function kubeconfigPath(
  named: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const listed = (env.KUBECONFIG ?? "").split(delimiter).filter((path) => path !== "");
  const [first, ...others] = listed;
  if (named !== undefined || first === undefined) {
    return named ?? join(homedir(), ".kube", "config");
  }
  for (const path of others.length === 0 ? [] : listed) {
    if (await hasOurs(path)) {
      return path;
    }
  }
  return first;
}

/** A file that cannot be read has none: the one that is chosen is read again, and says what is wrong. */
async function hasOurs(path: string): Promise<boolean> {
  try {
    const { items } = parseKubeconfig((await readFileAt(path)).text, path);
    return sectionNames.some((section) => items[section].some(({ marker }) => marker !== undefined));
  } catch {
    return false;
  }
}
