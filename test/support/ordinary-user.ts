import { chmodSync, chownSync, mkdirSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { cacheFolder } from "../../operations/cache";
import { binaryOf, goTool } from "./go-tool";
import { REPOSITORY } from "./terraform-project";

/** What starts a program, as `spawn` takes it. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** nobody and nogroup. */
const USER = 65534;
const TOOLS = ["consul", "consul-template", "coredns"];

/**
 * A user without any rights, whom root's tests start programs of this project as. Root's folders, and with them perhaps
 * the project and its cache, are closed to others: the user sees them at another place, in a mount namespace of each
 * program's own. A test that is not root's is an ordinary user itself.
 */
export class OrdinaryUser {
  static async make(): Promise<OrdinaryUser> {
    const tools = await Promise.all(TOOLS.map(async (name) => dirname(binaryOf(await goTool(name)))));
    const place = mkdtempSync(join(tmpdir(), "skyline-user-"));
    chmodSync(place, 0o755);
    const user = new OrdinaryUser(place, [REPOSITORY, cacheFolder(), ...tools]);
    for (const folder of [...user.mounts.values(), user.home]) mkdirSync(folder);
    user.own(user.home);
    return user;
  }

  private readonly home: string;
  /** Where the user finds folders: place by folder. */
  private readonly mounts: ReadonlyMap<string, string>;

  private constructor(
    private readonly place: string,
    folders: readonly string[],
  ) {
    this.home = join(place, "home");
    this.mounts = new Map(folders.map((folder, index) => [folder, join(place, String(index))]));
  }

  /** Gives the user a folder or a file. */
  own(path: string): void {
    if (isRoot()) chownSync(path, USER, USER);
  }

  /** Node with a script of the project, in the current folder. */
  node(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Command {
    if (!isRoot())
      return { command: process.execPath, args: [script, ...args], env: { ...process.env, ...env } };
    const [[, project = ""] = [], [, cache = ""] = [], ...tools] = [...this.mounts];
    const mount = 'while [ "$1" != -- ]; do mount --bind "$1" "$2"; shift 2; done; shift';
    const user = ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups"];
    return {
      command: "unshare",
      args: [
        ...["--mount", "bash", "-euc", `${mount}; exec "$@"`, "bash", ...[...this.mounts].flat(), "--"],
        ...[...user, process.execPath, script.replace(REPOSITORY, project), ...args],
      ],
      env: {
        PATH: [...tools.map(([, at]) => at), process.env.PATH].join(delimiter),
        ...{ HOME: this.home, SKYLINE_CACHE: cache, ...env },
      },
    };
  }

  remove(): Promise<void> {
    return rm(this.place, { recursive: true, force: true });
  }
}

const isRoot = () => process.getuid?.() === 0;
