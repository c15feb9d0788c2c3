import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { cacheFolder } from "../../operations/cache";
import { madeOnce } from "./made-once";

const run = promisify(execFile);
const MUCH = { maxBuffer: 256 * 1024 * 1024 };

export const SUITE = "bookworm";

/** Folder of the roots below the cache. */
export const rootsFolder = () => join(cacheFolder(), "images");

/**
 * What roles are applied to: the smallest Debian 12, with the packages that any role asks for already in it, and with
 * one that Amazon's base image has and no image may keep. So a role costs seconds and no download.
 */
export async function baseRoot(images: string): Promise<string> {
  if (process.getuid?.() !== 0) {
    throw new Error("a Debian root is made, and roles are applied to it, by root alone");
  }
  const { packages } = parse(readFileSync(join(images, "packages.yaml"), "utf8")) as {
    packages: Record<string, string[]>;
  };
  // python3-apt is what Ansible asks of a target before it can install anything else.
  const wanted = [
    ...new Set([...Object.values(packages).flat(), "python3-apt", "unattended-upgrades"]),
  ].sort();
  const key = createHash("sha256")
    .update(JSON.stringify([SUITE, process.arch, wanted, MAKE]))
    .digest("hex");
  return madeOnce(join(rootsFolder(), `base-${key.slice(0, 16)}`), async (draft) => {
    await run("debootstrap", ["--variant=minbase", SUITE, draft, await mirror()], MUCH).catch(missing);
    await run("unshare", ["--mount", "bash", "--norc", "-c", MAKE, "base", draft, ...wanted], MUCH);
    await rm(`${draft}/etc/resolv.conf`, { force: true });
  });
}

/** In a mount namespace of its own, which takes its mounts along when it ends. */
const MAKE = `set -euo pipefail
root=$1; shift
mount -t proc proc "$root/proc"
export DEBIAN_FRONTEND=noninteractive
chroot "$root" apt-get -qq update
chroot "$root" apt-get -qq install -y --no-install-recommends "$@"
chroot "$root" apt-get clean
rm -rf "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,locale,man}`;

/** The mirror that this machine's apt uses for the suite, so that a company's own is used where there is one. */
async function mirror(): Promise<string> {
  const own = process.env.SKYLINE_DEBIAN_MIRROR;
  if (own !== undefined) return own;
  const format = ["indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages"];
  const { stdout } = await run("apt-get", format).catch(missing);
  const found = stdout.split("\n").find((line) => line.startsWith(`${SUITE} `));
  if (found === undefined) {
    throw new Error(`apt has no source of Debian's ${SUITE}: set SKYLINE_DEBIAN_MIRROR to one`);
  }
  return found.slice(SUITE.length + 1);
}

function missing(error: NodeJS.ErrnoException & { stdout?: string; stderr?: string }): never {
  if (error.code === "ENOENT") {
    throw new Error(
      "roles are applied to a real Debian root: install debootstrap (apt-get install debootstrap)",
    );
  }
  throw new Error(`${error.message}\n${(error.stdout ?? "").slice(-2000)}`);
}
