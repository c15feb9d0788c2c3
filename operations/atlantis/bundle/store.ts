import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { OperationFailure } from "../../failure";
import { storeUrl } from "../settings-values";
import { FolderStore } from "./folder-store";
import { HttpStore } from "./http-store";
import type { Store } from "./store-contract";
import { storeToken } from "./token";

/**
 * The store at an address: `https://…`, `http://…` on loopback, `file:///…`, or the path of a folder.
 *
 * @param environment SKYLINE_STORE_TOKEN_FILE names a file with the token that a store over HTTP asks for
 * @throws OperationFailure invalid
 */
export function storeAt(address: string, environment: NodeJS.ProcessEnv = process.env): Store {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(address)) {
    return new FolderStore(resolve(address));
  }
  const checked = storeUrl.safeParse(address);
  if (!checked.success) {
    throw new OperationFailure(
      "invalid",
      `store ${JSON.stringify(address.slice(0, 200))}: ${checked.error.issues[0]?.message}`,
    );
  }
  const url = new URL(checked.data);
  return url.protocol === "file:"
    ? new FolderStore(fileURLToPath(url))
    : new HttpStore(checked.data, storeToken(environment));
}
