import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { parse } from "yaml";
import { goTool } from "./go-tool";
import { nginxBinary } from "./nginx-binary";

const run = promisify(execFile);

/** As Debian and the artefacts' URLs call this machine's. */
export const ARCHITECTURE = process.arch === "arm64" ? "arm64" : "amd64";

/** The Go tools whose binaries are served as they are. All else of an image, but for NGINX, is a stand-in. */
export const REAL_TOOLS = ["etcd", "kubernetes", "aws-iam-authenticator", "consul", "consul-template"];

/** An entry of artefacts.yaml. */
export interface Artefact {
  readonly version: string;
  readonly url?: string;
  readonly build?: unknown;
  readonly files: readonly {
    readonly from?: string;
    readonly to: string;
    readonly roles: readonly string[];
  }[];
}

export async function readArtefacts(images: string): Promise<Record<string, Artefact>> {
  const text = await readFile(join(images, "artefacts.yaml"), "utf8");
  return (parse(text) as { artefacts: Record<string, Artefact> }).artefacts;
}

/** Whether an image of the role has something of the artefact. */
export const isIn = ({ files }: Pick<Artefact, "files">, role: string) =>
  files.some(({ roles }) => roles.includes(role) || roles.includes("common"));

/** Artefacts of a role on a server of the test's own. */
export interface ServedArtefacts {
  readonly baseUrl: string;
  /** File in the shape of artefacts.lock.yaml, with the checksums of what is served. */
  readonly lockFile: string;
  close(): Promise<void>;
}

/**
 * Packs the role's artefacts as upstream does, and serves them on loopback. Packing the same again gives the same bytes,
 * so that a later run of the role finds its artefacts unchanged.
 */
export async function serveArtefacts(images: string, role: string): Promise<ServedArtefacts> {
  const folder = await mkdtemp(join(tmpdir(), "skyline-artefacts-"));
  const checksums: Record<string, string> = {};
  for (const [name, artefact] of Object.entries(await readArtefacts(images))) {
    if (!isIn(artefact, role)) continue;
    const path = join(folder, pathBelowBase(name, artefact));
    await mkdir(dirname(path), { recursive: true });
    await pack(path, name, artefact);
    checksums[`${name}/${artefact.version}/${ARCHITECTURE}`] = await checksumOf(path);
  }
  const lockFile = join(folder, "artefacts.lock.yaml");
  await writeFile(lockFile, JSON.stringify(checksums));
  const server = await listen(folder);
  const close = async () => {
    await new Promise((closed) => server.close(closed).closeAllConnections());
    await rm(folder, { recursive: true });
  };
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, lockFile, close };
}

const fill = (text: string, { version }: Artefact) =>
  text.replaceAll("{version}", version).replaceAll("{arch}", ARCHITECTURE);

function pathBelowBase(name: string, artefact: Artefact): string {
  const { url } = artefact;
  return url === undefined
    ? `${name}/${artefact.version}/${ARCHITECTURE}/${name}`
    : fill(url, artefact).replace("https://", "");
}

async function pack(path: string, name: string, artefact: Artefact): Promise<void> {
  if (name === "nginx") return packNginx(path, artefact.version);
  if (name === "amazon-ssm-agent") return packAgent(path, artefact.version);
  if (artefact.files[0]?.from === undefined) {
    return cp(await binary(name, artefact.version, `${path}.stand-in`), path, { dereference: true });
  }
  const content = `${path}.content`;
  for (const { from = "" } of artefact.files) {
    const place = join(content, fill(from, artefact));
    await mkdir(dirname(place), { recursive: true });
    await symlink(await binary(basename(place), artefact.version, `${path}.${basename(place)}`), place);
  }
  if (path.endsWith(".zip")) {
    const zip = "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').write(sys.argv[2], sys.argv[3])";
    const [member] = artefact.files;
    const from = fill(member?.from ?? "", artefact);
    await run("python3", ["-c", zip, path, join(content, from), from]);
  } else {
    // Upstream's archives of several binaries name them with and without a leading ./: those of the CNI have it.
    const same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
    await run("tar", ["--dereference", ...same, "-I", "gzip -1n", "-cf", path, "-C", content, "."]);
  }
}

/** The real binary of that name where it can be built here, or else a stand-in written to the given path. */
async function binary(name: string, version: string, standIn: string): Promise<string> {
  for (const tool of await Promise.all(REAL_TOOLS.map(goTool))) {
    const path = tool.binaries[name];
    if (path !== undefined) return path;
  }
  await writeFile(
    standIn,
    `#!/bin/sh\n# Not ${name}: a stand-in of Skyline's tests.\necho "${name} ${version} (stand-in)"\n`,
  );
  await chmod(standIn, 0o755);
  return standIn;
}

interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly depends: string;
  /** Path of its program from outside, and below its root. */
  readonly program: readonly [from: string, to: string];
  /** Of its unit, `[Service]`. */
  readonly service: string;
  /** Command that its installation runs. */
  readonly postinst: string;
}

/** The real NGINX in a package like nginx.org's, down to what its installation leaves enabled. */
async function packNginx(path: string, version: string): Promise<void> {
  const etc = join(`${path}.content`, "etc", "nginx");
  await mkdir(etc, { recursive: true });
  await packDebian(path, {
    name: "nginx",
    version: `${version}-1~bookworm`,
    depends: "adduser",
    program: [await nginxBinary(), "usr/sbin/nginx"],
    service: "Type=forking\nExecStart=/usr/sbin/nginx",
    postinst: "deb-systemd-helper enable nginx.service",
  });
}

/** A stand-in in a package like Amazon's, which enables nothing. */
async function packAgent(path: string, version: string): Promise<void> {
  const name = "amazon-ssm-agent";
  await packDebian(path, {
    name,
    version: `${version}-1`,
    depends: "libc6",
    program: [await binary(name, version, `${path}.stand-in`), `usr/bin/${name}`],
    service: `Type=simple\nExecStart=/usr/bin/${name}`,
    postinst: "true",
  });
}

async function packDebian(path: string, deb: DebianPackage): Promise<void> {
  const { name, version } = deb;
  const content = `${path}.content`;
  const [from, to] = deb.program;
  await mkdir(join(content, "DEBIAN"), { recursive: true });
  await mkdir(join(content, "lib", "systemd", "system"), { recursive: true });
  await mkdir(dirname(join(content, to)), { recursive: true });
  await cp(from, join(content, to));
  await writeFile(
    join(content, "DEBIAN", "control"),
    `Package: ${name}\nVersion: ${version}\nArchitecture: ${ARCHITECTURE}\nMaintainer: Skyline's tests\nDepends: ${deb.depends}\nDescription: ${name}\n`,
  );
  const unit = `[Service]\n${deb.service}\n[Install]\nWantedBy=multi-user.target\n`;
  await writeFile(join(content, "lib", "systemd", "system", `${name}.service`), unit);
  await writeFile(join(content, "DEBIAN", "postinst"), `#!/bin/sh\nset -e\n${deb.postinst}\n`, {
    mode: 0o755,
  });
  const env = { ...process.env, SOURCE_DATE_EPOCH: "0" };
  await run("dpkg-deb", ["--build", "--root-owner-group", "-Znone", content, path], { env });
}

export async function checksumOf(path: string): Promise<string> {
  const digest = createHash("sha256");
  await pipeline(createReadStream(path), digest);
  return digest.digest("hex");
}

async function listen(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const file = createReadStream(join(folder, decodeURIComponent(request.url ?? "/")));
    file.once("error", () => response.writeHead(404).end());
    file.pipe(response);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return server;
}
