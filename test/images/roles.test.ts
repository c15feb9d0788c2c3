import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { goTool } from "../support/go-tool";
import { REAL_TOOLS, isIn, readArtefacts } from "../support/image-artefacts";
import { IMAGE_ROLES, ROLES, type Role, applyRole, imageRoot, inRoot } from "../support/image-roots";

// The first use makes a Debian root and applies the role to it.
jest.setTimeout(900_000);

const IMAGES = join(__dirname, "..", "..", "images");

interface Part {
  readonly target?: string;
  readonly binaries?: readonly string[];
  readonly files?: readonly string[];
  readonly units?: readonly string[];
  readonly users?: readonly string[];
  readonly directories?: readonly { path: string; owner: string; mode: string }[];
  readonly sysctl?: Readonly<Record<string, string>>;
}

const contract = JSON.parse(readFileSync(join(IMAGES, "contract.json"), "utf8")) as {
  common: Part;
  roles: Record<Role, Part>;
};

/** What starts at boot on a node of which role. In images everything else waits for the user data. */
const ENABLED: Readonly<Record<Role, readonly string[]>> = {
  etcd: ["amazon-ssm-agent.service", "chrony.service"],
  controller: ["amazon-ssm-agent.service", "chrony.service"],
  worker: ["amazon-ssm-agent.service", "chrony.service"],
  "eks-worker": [
    "amazon-ssm-agent.service",
    "chrony.service",
    "nodeadm-config.service",
    "nodeadm-run.service",
  ],
  gateway: ["amazon-ssm-agent.service", "chrony.service"],
  "mesos-node": ["skyline-mesos.target"],
};
const isImage = (role: Role) => role !== "mesos-node";

/** What a package that is an artefact installs. */
const FROM_PACKAGE: Readonly<Record<string, string>> = {
  "nginx.deb": "/usr/sbin/nginx",
  "amazon-ssm-agent.deb": "/usr/bin/amazon-ssm-agent",
};

/** How a program that is no stand-in prints its version, where not by --version. */
const VERSION_ARGUMENT: Readonly<Record<string, string>> = {
  etcdctl: "version",
  etcdutl: "version",
  "aws-iam-authenticator": "version",
  nginx: "-v",
};

const lines = (text: string) => text.split("\n").filter((line) => line !== "");
/** What the shell in the root prints for each path. */
const each = async (root: string, paths: readonly string[], script: string) =>
  lines((await inRoot(root, ["sh", "-c", `for path; do ${script}; done`, "sh", ...paths])).stdout);

describe.each(ROLES)("a node of the role %s", (role) => {
  const parts = [...(isImage(role) ? [contract.common] : []), contract.roles[role]];
  const all = <K extends "binaries" | "files" | "units" | "users" | "directories">(key: K) =>
    parts.flatMap((part) => [...(part[key] ?? [])] as NonNullable<Part[K]>[number][]);
  const { target } = contract.roles[role];
  const units = [...all("units"), ...(target === undefined ? [] : [target])];
  let root: string;

  beforeAll(async () => {
    root = await imageRoot(role);
  });

  // Of a Mesos node mesos-node.test.ts has it, where its units run.
  if (isImage(role)) {
    test("is not changed by a second run of its role", async () => {
      const { changed, output } = await applyRole(role, root, { forget: true });
      if (changed !== 0) throw new Error(`the second run changed ${changed}:\n${output}`);
    });
  }

  test("has the programs and files of the contract, of root and not writable by others", async () => {
    const program =
      '[ -f "$path" ] && [ -x "$path" ] && stat -L -c "%U %a $path" "$path" || echo "none $path"';
    const file = '[ -f "$path" ] && stat -L -c "%U %a $path" "$path" || echo "none $path"';
    const programs = await each(root, all("binaries"), program);
    expect(programs).toEqual(all("binaries").map((path) => expect.stringMatching(`^root 755 ${path}$`)));
    const files = await each(root, all("files"), file);
    expect(files).toEqual(all("files").map((path) => expect.stringMatching(`^root (644|755) ${path}$`)));
  });

  test("has the units of the contract, and systemd finds nothing wrong with them", async () => {
    const known = lines(
      (await inRoot(root, ["systemctl", "list-unit-files", "--no-legend", "--plain"])).stdout,
    ).map((line) => line.split(/\s/)[0]);
    expect(known).toEqual(expect.arrayContaining(units));
    const verify = ["systemd-analyze", "verify", "--recursive-errors=no", "--man=no", ...units];
    const { stdout, stderr } = await inRoot(root, verify);
    expect(stdout + stderr).toBe("");
  });

  test("starts at boot what it should, and leaves the rest to the user data", async () => {
    const states = await inRoot(root, [
      "sh",
      "-c",
      'for unit; do echo "$unit $(systemctl is-enabled $unit)"; done',
      "sh",
      ...units,
    ]);
    const enabled = lines(states.stdout).filter((line) =>
      /\s(enabled|enabled-runtime|linked|alias)$/.test(line),
    );
    expect(enabled.map((line) => line.split(" ")[0]).sort()).toEqual([...ENABLED[role]].sort());
  });

  test("has the users of the contract, who cannot log in", async () => {
    const accounts = await each(root, all("users"), 'getent passwd "$path" || echo "none $path"');
    expect(accounts).toEqual(
      all("users").map((user) => expect.stringMatching(`^${user}:x:[1-9]\\d*:.*:/usr/sbin/nologin$`)),
    );
  });

  test("has the directories of the contract with their owners and modes", async () => {
    const directories = all("directories");
    const found = await each(
      root,
      directories.map(({ path }) => path),
      'stat -c "%F %n %U:%G 0%a" "$path" 2>/dev/null || echo "none $path"',
    );
    expect(found).toEqual(
      directories.map(({ path, owner, mode }) => `directory ${path} ${owner}:${owner} ${mode}`),
    );
  });

  test("sets the kernel as the contract says, with nothing later that sets it otherwise", async () => {
    const { stdout } = await inRoot(root, ["systemd-analyze", "cat-config", "sysctl.d"]);
    const settings = lines(stdout)
      .map((line) => /^\s*-?([\w./-]+)\s*=\s*(.*?)\s*$/.exec(line))
      .filter((match) => match !== null);
    // The last one wins, as at boot.
    const effective = Object.fromEntries(settings.map(([, key = "", value = ""]) => [key, value]));
    const wanted = Object.assign({}, ...parts.map(({ sysctl }) => sysctl)) as Record<string, string>;
    expect(effective).toMatchObject(wanted);
  });

  test("runs every program that is real, in the version of artefacts.yaml", async () => {
    const real = new Set(["nginx"]);
    for (const tool of await Promise.all(REAL_TOOLS.map(goTool))) {
      Object.keys(tool.binaries).forEach((binary) => real.add(binary));
    }
    const artefacts = Object.values(await readArtefacts(IMAGES));
    const programs = artefacts.flatMap(({ version, files }) =>
      files
        .filter((file) => (isImage(role) ? isIn({ files: [file] }, role) : file.roles.includes(role)))
        .map(({ to }) => ({ version, to })),
    );
    for (const { version, to } of programs) {
      const path = FROM_PACKAGE[basename(to)] ?? to;
      const name = path.split("/").at(-1)!;
      const argument = (real.has(name) && VERSION_ARGUMENT[name]) || "--version";
      const { stdout, stderr } = await inRoot(root, [path, argument]);
      // The one that learns its version from its release's build alone.
      const printed = name === "aws-iam-authenticator" ? '{"Version":"' : version;
      expect(`${path}: ${stdout}${stderr}`).toContain(printed);
      expect([path, stdout.includes("(stand-in)")]).toEqual([path, !real.has(name)]);
    }
  });

  test("has nothing of its build left on it", async () => {
    const mine = [
      "(",
      "-name",
      "*.new",
      "-o",
      "-name",
      ".ansible*",
      "-o",
      "-perm",
      "-0002",
      "!",
      "-type",
      "l",
      ")",
    ];
    const { stdout } = await inRoot(root, ["find", "/usr", "/etc", "/opt", "/root", "-xdev", ...mine]);
    expect(lines(stdout)).toEqual([]);
  });
});

describe.each(IMAGE_ROLES)("the image of %s", (role) => {
  let root: string;

  beforeAll(async () => {
    root = await imageRoot(role);
  });

  test("has no account with a password", async () => {
    const shadow = lines(readFileSync(join(root, "etc", "shadow"), "utf8")).map((line) => line.split(":"));
    expect(shadow.length).toBeGreaterThan(10);
    expect(shadow.filter(([, hash = ""]) => !/^[!*]/.test(hash))).toEqual([]);
    expect(statSync(join(root, "etc", "shadow")).mode & 0o777).toBe(0o640);
  });

  test("lets nobody in over SSH, and would take keys alone", async () => {
    const { stdout } = await inRoot(root, ["sh", "-c", "systemctl is-enabled ssh.service ssh.socket; true"]);
    expect(lines(stdout)).toEqual(["masked", "masked"]);
    // The keys of the root's host are made for the check alone, in memory.
    const effective = await inRoot(root, [
      "sh",
      "-c",
      "mount -t tmpfs tmpfs /run && mkdir /run/sshd && ssh-keygen -q -t ed25519 -N '' -f /run/key && sshd -T -h /run/key",
    ]);
    const settings = Object.fromEntries(
      lines(effective.stdout).map((line) => [line.split(" ")[0], line.split(" ").slice(1).join(" ")]),
    );
    expect(settings).toMatchObject({
      permitrootlogin: "no",
      passwordauthentication: "no",
      kbdinteractiveauthentication: "no",
      permitemptypasswords: "no",
      authenticationmethods: "publickey",
      x11forwarding: "no",
      allowtcpforwarding: "no",
    });
  });

  test("limits its journal, takes Amazon's time alone and never upgrades itself", async () => {
    const journal = (await inRoot(root, ["systemd-analyze", "cat-config", "systemd/journald.conf"])).stdout;
    const set = lines(journal).filter((line) => /^\w+=/.test(line));
    expect(set).toEqual(expect.arrayContaining(["Storage=persistent", "SystemMaxUse=1G"]));
    const time = (await inRoot(root, ["chronyd", "-p", "-f", "/etc/chrony/chrony.conf"])).stdout;
    const sources = lines(time).filter((line) => /^(server|pool|peer|sourcedir|confdir)\b/.test(line));
    expect(sources).toEqual([expect.stringMatching(/^server 169\.254\.169\.123 /)]);
    const packages = (await inRoot(root, ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\\n"]))
      .stdout;
    expect(packages).toContain("openssh-server installed\n");
    expect(packages).not.toMatch(/^unattended-upgrades installed$/m);
    const timers = await inRoot(root, [
      "sh",
      "-c",
      "systemctl is-enabled apt-daily.timer apt-daily-upgrade.timer; true",
    ]);
    expect(lines(timers.stdout)).toEqual(["masked", "masked"]);
  });

  test("loads none of the kernel modules that no node needs, and dumps no core", () => {
    const modprobe = readFileSync(join(root, "etc", "modprobe.d", "skyline.conf"), "utf8");
    for (const module of ["cramfs", "dccp", "sctp", "usb-storage"]) {
      expect(modprobe).toContain(`install ${module} /bin/false\n`);
    }
    const limits = readFileSync(join(root, "etc", "security", "limits.d", "90-skyline.conf"), "utf8");
    expect(limits).toContain("* hard core 0\n");
  });
});

describe.each(["gateway", "mesos-node"] as const)("the mesh on a node of the role %s", (role) => {
  test("is compiled, as its user may not write where it is, and its settings are another's too", async () => {
    const root = await imageRoot(role);
    const { stdout } = await inRoot(root, [
      ...["setpriv", "--reuid=skyline-mesh", "--regid=skyline-mesh", "--clear-groups", "sh", "-c"],
      "cd /usr/local/lib/skyline/mesh && ls skyline_mesh/__pycache__ | wc -l; find / -xdev -writable -not -type l -path '*skyline*' | wc -l",
    ]);
    const [compiled, writable] = lines(stdout).map(Number);
    expect(compiled).toBeGreaterThan(3);
    expect(writable).toBe(0);
  });

  test("is served by a unit of its own, and not by that of NGINX' package", async () => {
    const units = ["skyline-nginx.service", "nginx.service"];
    const script = 'for unit; do echo "$unit $(systemctl is-enabled $unit)"; done';
    const { stdout } = await inRoot(await imageRoot(role), ["sh", "-c", script, "sh", ...units]);
    expect(lines(stdout)).toEqual(["skyline-nginx.service static", "nginx.service disabled"]);
  });
});

test.each(["worker", "eks-worker"] as const)("%s loads the modules that its sysctl needs", async (role) => {
  const file = join(await imageRoot(role), "etc", "modules-load.d", "skyline.conf");
  expect(lines(readFileSync(file, "utf8"))).toEqual(expect.arrayContaining(["br_netfilter", "overlay"]));
});
