import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { renderMesosNode } from "../../environment/mesh/mesos-node";
import { pythonEnvironment } from "../../operations/local/python";
import { bootedEnvironment } from "./boot-environment";
import { goTool } from "./go-tool";
import { ARCHITECTURE, REAL_TOOLS, serveArtefacts } from "./image-artefacts";
import { baseRoot, rootsFolder } from "./image-base";
import { madeOnce } from "./made-once";

const run = promisify(execFile);
const ROOT = join(__dirname, "..", "..");

export const IMAGE_ROLES = ["etcd", "controller", "worker", "eks-worker", "gateway"] as const;
/** Roles of images, and the one for nodes that are somebody else's. */
export const ROLES = [...IMAGE_ROLES, "mesos-node"] as const;
export type Role = (typeof ROLES)[number];

/** Of each role, the roles whose folders it takes something from. */
const PARTS: Record<Role, readonly string[]> = {
  etcd: [],
  controller: [],
  worker: ["gateway"],
  "eks-worker": ["gateway", "worker"],
  gateway: [],
  "mesos-node": ["gateway"],
};
/** Of the mesh, what the roles take that run it. */
const MESH = ["mesh/node", "mesh/units"] as const;
const withMesh = (role: Role) => role === "gateway" || role === "mesos-node";

/**
 * The root file system of a role's image: a Debian root that the role was really applied to. It is made once for each
 * state of images/, of the mesh and of the tools in it, and shared: never write below it, but copy it or lay an overlay over it.
 */
export async function imageRoot(role: Role): Promise<string> {
  return withSnapshot(async (images) => {
    const base = await baseRoot(images);
    const key = await keyOf(role, images, base);
    return madeOnce(join(rootsFolder(), `${role}-${key}`), async (draft) => {
      await run("cp", ["-a", "--reflink=auto", base, draft]);
      await applyRole(role, draft, { images });
    });
  });
}

/** What a run of Ansible did. */
export interface Application {
  readonly changed: number;
  /** What it printed: the tasks that changed something or failed. */
  readonly output: string;
}

export interface ApplyOptions {
  /** Folder of the images' sources. */
  readonly images?: string;
  /** Applies it to an overlay that is gone afterwards: the root stays as it is. */
  readonly forget?: boolean;
  /** Files that the overlay has beside the root's, all of them executable: text by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Variables in place of those that the tests set. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** Applies common and the role to the root by the chroot connection; rejects with what Ansible printed. */
export async function applyRole(role: Role, root: string, options: ApplyOptions = {}): Promise<Application> {
  const { images = join(ROOT, "images"), variables, forget = false, files = {} } = options;
  const { bin } = await pythonEnvironment(images);
  const home = await mkdtemp(join(tmpdir(), "skyline-ansible-"));
  const artefacts = await serveArtefacts(images, role);
  const [playbook, variablesOfRole] =
    role === "mesos-node"
      ? ["mesos-node.yml", await mesosVariables(home)]
      : ["image.yml", { image_role: role }];
  try {
    const extra = join(home, "variables.json");
    const own = {
      ...variablesOfRole,
      image_architecture: ARCHITECTURE,
      artefacts_base_url: artefacts.baseUrl,
      artefacts_lock: artefacts.lockFile,
      // The base root has them all.
      common_apt_update: false,
      ...variables,
    };
    await writeFile(extra, JSON.stringify(own));
    const beside = join(home, "beside");
    await mkdir(beside, { mode: 0o755 });
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(beside, path)), { recursive: true, mode: 0o755 });
      await writeFile(join(beside, path), text, { mode: 0o755 });
    }
    const args = ["-i", `${root},`, "-c", "community.general.chroot", playbook, "-e", `@${extra}`];
    const { stdout } = await inNamespace(
      `${forget ? OVERLAY : ""}mount -t proc proc "$1/proc" && cd "$3" && shift 3 && exec "$@"`,
      [root, beside, join(images, "ansible"), join(bin, "ansible-playbook"), ...args],
      {
        HOME: home,
        ANSIBLE_HOME: home,
        ANSIBLE_DISPLAY_SKIPPED_HOSTS: "false",
        ANSIBLE_DISPLAY_OK_HOSTS: "false",
        LC_ALL: "C.UTF-8",
      },
    );
    const [, changed] = /changed=(\d+)/.exec(stdout) ?? [];
    if (changed === undefined) throw new Error(`Ansible did nothing:\n${stdout}`);
    return { changed: Number(changed), output: stdout };
  } finally {
    await artefacts.close();
    await rm(home, { recursive: true });
  }
}

/** Of a Mesos node, with the settings of the environment that boot tests start. */
async function mesosVariables(home: string) {
  const settings = join(home, "settings");
  for (const { path, content } of renderMesosNode(bootedEnvironment())) {
    await mkdir(dirname(join(settings, path)), { recursive: true });
    await writeFile(join(settings, path), content);
  }
  return { mesos_node_files: settings, mesos_node_apt_update: false, mesos_node_start: false };
}

/** Lays a writable layer in memory over the root, with the files of a folder, in the one mount namespace that sees it. */
const OVERLAY = `layer=$(mktemp -d) && mount -t tmpfs tmpfs "$layer" && mkdir "$layer/upper" "$layer/work" &&
mount -t overlay overlay -o "lowerdir=$2:$1,upperdir=$layer/upper,workdir=$layer/work" "$1" &&
`;

/** Runs a command in the root, with /proc and nothing else of this machine. */
export async function inRoot(root: string, command: readonly string[]) {
  return inNamespace('mount -t proc proc "$1/proc" && exec chroot "$@"', [root, ...command], {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  });
}

async function inNamespace(script: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const options = { env: { PATH: process.env.PATH, ...env }, maxBuffer: 64 * 1024 * 1024 };
  return run("unshare", ["--mount", "bash", "--norc", "-c", script, "bash", ...args], options).catch(
    (error: Error & { stdout?: string; stderr?: string }) => {
      throw new Error(`${args.slice(0, 4).join(" ")} … failed:\n${error.stdout ?? ""}${error.stderr ?? ""}`);
    },
  );
}

/** Works on a copy of the sources, so that a change while the work goes on cannot come under the key of an earlier state. */
async function withSnapshot<T>(work: (images: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "skyline-images-"));
  try {
    for (const part of ["images", ...MESH]) {
      await cp(join(ROOT, part), join(folder, part), {
        recursive: true,
        preserveTimestamps: true,
        filter: (path) => !path.includes("__pycache__"),
      });
    }
    return await work(join(folder, "images"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function keyOf(role: Role, images: string, base: string): Promise<string> {
  const others = ROLES.filter((other) => other !== role && !PARTS[role].includes(other));
  const relevant = (file: string) =>
    !file.startsWith("packer/") && !others.some((other) => file.startsWith(`ansible/roles/${other}/`));
  const digest = createHash("sha256").update(`${role}\0${base}\0${ARCHITECTURE}\0`);
  for (const { directory } of await Promise.all(REAL_TOOLS.map(goTool))) digest.update(`${directory}\0`);
  digest.update(readFileSync(join(ROOT, "tools", "python", "constraints.txt")));
  digest.update(readFileSync(join(__dirname, "image-artefacts.ts")));
  if (role === "mesos-node") digest.update(JSON.stringify(renderMesosNode(bootedEnvironment())));
  const add = (folder: string, wanted: (file: string) => boolean) => {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
    for (const file of files.filter(wanted)) {
      const path = join(folder, file);
      if (existsSync(path) && statSync(path).isFile())
        digest.update(`${file}\0`).update(readFileSync(path)).update("\0");
    }
  };
  add(images, relevant);
  if (withMesh(role)) for (const part of MESH) add(join(images, "..", part), () => true);
  return digest.digest("hex").slice(0, 16);
}
