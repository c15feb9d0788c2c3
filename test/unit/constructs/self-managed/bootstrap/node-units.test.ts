import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { renderController } from "../../../../../constructs/cluster/self-managed/bootstrap/controller";
import { renderEtcdMember } from "../../../../../constructs/cluster/self-managed/bootstrap/etcd-member";
import { renderWorker } from "../../../../../constructs/cluster/self-managed/bootstrap/worker";
import { imageContract, imageRole } from "../../../../../environment/image-contract";
import { packageRoot } from "../../../../../environment/package-root";
import { parseUnit, words, type Unit } from "../../../../support/systemd-unit";
import { runUserData } from "../../../../support/user-data";
import { controller, member, worker } from "./fixture";

const ROLES = ["etcd", "controller", "worker"] as const;
type Role = (typeof ROLES)[number];
const userData: Record<Role, string> = {
  etcd: renderEtcdMember(member),
  controller: renderController(controller),
  worker: renderWorker(worker),
};
const folder = (part: string) => join(packageRoot(), "images", "ansible", "roles", part, "files");

/** Files of a part of the images: paths by base name. */
const filesOf = (part: string): Record<string, string> =>
  Object.fromEntries(
    (readdirSync(folder(part), { recursive: true }) as string[])
      .map((file) => join(folder(part), file))
      .filter((file) => statSync(file).isFile())
      .map((file) => [basename(file), file]),
  );
const isUnit = (file: string) => /\.(service|target|timer)$/.test(file);
const unitsOf = (part: string): [string, Unit][] =>
  Object.entries(filesOf(part))
    .filter(([name]) => isUnit(name))
    .map(([name, file]) => [name, parseUnit(readFileSync(file, "utf8"))]);
const allUnits = ["common", ...ROLES].flatMap(unitsOf);
const scripts = ["common", ...ROLES].flatMap((part) =>
  Object.entries(filesOf(part))
    .filter(
      ([name, file]) =>
        !isUnit(name) && /^(#!\/bin\/bash|# .*\n# shellcheck)/.test(readFileSync(file, "utf8")),
    )
    .map(([, file]) => file),
);

/** Units and programs of workers that come with the agent, from the gateways' folder. */
const OF_CONSUL = ["consul.service", "consul-configure"];
/** The agent is enabled in the image: it is wanted most where the user data failed. */
const OF_PACKAGES = ["chrony.service", "amazon-ssm-agent.service"];

describe.each(["common", ...ROLES] as const)("files of %s", (part) => {
  const { common, roles } = imageContract();
  const needs = part === "common" ? common : roles[part];

  test("are the units and programs of the contract, all of them and no others", () => {
    const promised = [
      ...[...needs.binaries, ...needs.files]
        .filter((path) => path.startsWith("/usr/local/lib/skyline/"))
        .map((path) => basename(path)),
      ...needs.units,
      ...(needs.target === undefined ? [] : [needs.target]),
    ].filter((name) => ![...OF_CONSUL, ...OF_PACKAGES].includes(name));
    expect(Object.keys(filesOf(part)).sort()).toEqual(promised.sort());
  });
});

describe.each(ROLES)("units of %s", (role) => {
  const contract = imageRole(role);
  const written = runUserData(userData[role]).files;
  const units = [...unitsOf("common"), ...unitsOf(role)].filter(
    // Controllers hold nothing that they would have to leave: their balancer lets them go.
    ([name]) => role !== "controller" || name !== "skyline-terminate.service",
  );

  test("are what its target wants, but for what a timer or nobody starts", () => {
    const target = units.find(([name]) => name === contract.target)?.[1] as Unit;
    const wanted = words(target, "Unit", "Wants");
    const started = contract.units.filter(
      (unit) =>
        unit !== "etcd-snapshot.service" &&
        unit !== "amazon-ssm-agent.service" &&
        (role !== "controller" || unit !== "skyline-terminate.service"),
    );
    expect(wanted.sort()).toEqual(started.sort());
    expect(words(target, "Install", "WantedBy")).toEqual(["multi-user.target"]);
  });

  test("run programs of the image", () => {
    const programs = units
      .flatMap(([, unit]) => ["ExecStart", "ExecStartPre"].flatMap((key) => unit["Service"]?.[key] ?? []))
      .map((command) => command.replace(/^[-+!@]+/, "").split(" ")[0] as string);
    expect(programs.length).toBeGreaterThan(4);
    const ofDebian = ["/usr/bin/ln", "/usr/sbin/modprobe"];
    expect(programs.filter((program) => ![...contract.binaries, ...ofDebian].includes(program))).toEqual([]);
  });

  test("read files that user data or another unit writes", () => {
    const files = units.flatMap(([, unit]) => words(unit, "Service", "EnvironmentFile"));
    const atBoot = role === "worker" ? ["/run/skyline/node-name.env"] : [];
    expect(new Set(files)).toEqual(
      new Set([...Object.keys(written).filter((path) => path.endsWith(".env")), ...atBoot]),
    );
  });

  test("are run by users and write to directories that the image has", () => {
    for (const [name, unit] of units) {
      const users = [...words(unit, "Service", "User"), ...words(unit, "Service", "Group")];
      expect({ name, unknown: users.filter((user) => !contract.users.includes(user)) }).toEqual({
        name,
        unknown: [],
      });
      const written = words(unit, "Service", "ReadWritePaths").filter((path) => !path.startsWith("-"));
      const known = contract.directories.map(({ path }) => path);
      expect({ name, unknown: written.filter((path) => !known.includes(path)) }).toEqual({
        name,
        unknown: [],
      });
    }
  });
});

// The kubelet and containerd make containers, and the volume and the interface are the host's: these are root's work.
const servers = [
  "etcd",
  "etcd-return",
  "etcd-snapshot",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "aws-iam-authenticator",
  "aws-encryption-provider",
];
const unitOf = (name: string) => allUnits.find(([unit]) => unit === `${name}.service`)?.[1] as Unit;

test.each(servers)("%s has a user of its own and no more rights than it needs", (name) => {
  const service = unitOf(name)["Service"] as Record<string, readonly string[]>;
  expect(service["User"]).toHaveLength(1);
  expect(service["User"]).not.toEqual(["root"]);
  expect(service).toMatchObject({
    NoNewPrivileges: ["yes"],
    CapabilityBoundingSet: [""],
    ProtectSystem: ["strict"],
    ProtectHome: ["yes"],
    PrivateTmp: ["yes"],
    PrivateDevices: ["yes"],
    ProtectKernelModules: ["yes"],
    ProtectKernelTunables: ["yes"],
    ProtectKernelLogs: ["yes"],
    ProtectControlGroups: ["yes"],
    RestrictNamespaces: ["yes"],
    RestrictSUIDSGID: ["yes"],
    SystemCallFilter: ["@system-service"],
    UMask: ["0077"],
  });
});

test.each([
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "aws-iam-authenticator",
  "aws-encryption-provider",
  "kubelet",
])("%s is started again for as long as the instance lives", (name) => {
  expect(unitOf(name)["Service"]).toMatchObject({ Restart: ["always"], RestartSec: ["5"] });
  expect(unitOf(name)["Unit"]).toMatchObject({ StartLimitIntervalSec: ["0"] });
});

test.each(["interface", "volume"])("a member's %s is tried again, and etcd started after it", (what) => {
  const unit = unitOf(`skyline-${what}`);
  expect(unit["Service"]).toMatchObject({
    Restart: ["on-failure"],
    RestartSec: ["5"],
    // A start that waited for it was given up with it.
    ExecStartPost: ["/usr/bin/systemctl start --no-block etcd.service"],
  });
  expect(unit["Unit"]).toMatchObject({ StartLimitIntervalSec: ["0"] });
});

test("a worker is in service after it is ready, and no sooner", () => {
  expect(unitOf("skyline-worker-ready")["Service"]?.["ExecStart"]).toEqual([
    "/usr/local/lib/skyline/worker-ready",
    "/usr/local/lib/skyline/complete-launch",
  ]);
});

test("etcd and the API server say themselves when they are ready", () => {
  expect(unitOf("etcd")["Service"]?.["Type"]).toEqual(["notify"]);
  expect(unitOf("kube-apiserver")["Service"]?.["Type"]).toEqual(["notify"]);
});

test("etcd never starts without its volume, its interface and its certificates", () => {
  const unit = unitOf("etcd")["Unit"];
  const needs = "skyline-secrets.service skyline-volume.service skyline-interface.service";
  expect(unit).toMatchObject({
    Requires: [needs],
    After: [needs],
    AssertPathIsMountPoint: ["/var/lib/etcd"],
  });
});

describe.each(scripts.map((file) => [basename(file), file] as const))("%s", (_name, file) => {
  test("is a script that bash takes, and ends at the first error", () => {
    execFileSync("bash", ["-n", file]);
    const text = readFileSync(file, "utf8");
    if (text.startsWith("#!")) expect(text).toContain("\nset -euo pipefail\n");
  });

  const shellcheck = spawnSync("shellcheck", ["--version"]).status === 0;
  (shellcheck ? test : test.skip)("shellcheck has nothing to say", () => {
    const { stdout } = spawnSync("shellcheck", ["--exclude", "SC1091", file], { encoding: "utf8" });
    expect(stdout).toBe("");
  });

  test("asks AWS through the function that knows another endpoint", () => {
    const calls = readFileSync(file, "utf8").match(/(?<![\w-])aws (?=[a-z])/g) ?? [];
    expect(calls).toEqual([]);
  });
});

const analyze = spawnSync("systemd-analyze", ["--version"]).status === 0;
(analyze ? test : test.skip)("systemd understands every unit", () => {
  const copies = mkdtempSync(join(tmpdir(), "skyline-units-"));
  try {
    for (const part of ["common", ...ROLES]) {
      for (const [name, file] of Object.entries(filesOf(part)).filter(([name]) => isUnit(name))) {
        // The programs are in the image.
        const text = readFileSync(file, "utf8").replace(/^(Exec\w+=)[-+]?\S+/gm, "$1/bin/true");
        writeFileSync(join(copies, name), text);
      }
    }
    const names = readdirSync(copies).map((name) => join(copies, name));
    const { stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...names], {
      encoding: "utf8",
      env: { ...process.env, SYSTEMD_UNIT_PATH: `${copies}:` },
    });
    expect(stderr.split("\n").filter((line) => line.includes(copies))).toEqual([]);
  } finally {
    rmSync(copies, { recursive: true, force: true });
  }
});
