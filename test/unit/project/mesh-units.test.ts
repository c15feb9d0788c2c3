import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { imageRole } from "../../../environment/image-contract";
import { meshPaths, MESH_USER } from "../../../environment/mesh/node-settings";
import { packageRoot } from "../../../environment/package-root";
import { parseUnit, words, type Unit } from "../../support/systemd-unit";

const UNITS = join(packageRoot(), "mesh", "units");
const OF_GATEWAYS = join(packageRoot(), "images", "ansible", "roles", "gateway", "files");
const read = (folder: string, name: string): Unit => parseUnit(readFileSync(join(folder, name), "utf8"));
const names = readdirSync(UNITS).filter((name) => /\.(service|timer|target)$/.test(name));
const services: [string, Unit][] = [
  ...names
    .filter((name) => name.endsWith(".service"))
    .map((name): [string, Unit] => [name, read(UNITS, name)]),
  ["skyline-initial-weights.service", read(OF_GATEWAYS, "skyline-initial-weights.service")],
];

test.each(["gateway", "mesos-node"] as const)("images and nodes of the role %s have them all", (role) => {
  const { units, users } = imageRole(role);
  expect(units).toEqual(expect.arrayContaining(names));
  expect(users).toContain(MESH_USER);
});

test("the target wants all that is not started by a timer", () => {
  const wanted = words(read(UNITS, "skyline-mesh.target"), "Unit", "Wants");
  const timed = ["skyline-apply.service", "skyline-logs.service"];
  expect(wanted.sort()).toEqual(
    names.filter((name) => !timed.includes(name) && name !== "skyline-mesh.target").sort(),
  );
});

describe.each(services)("%s", (name, unit) => {
  const service = unit["Service"] ?? {};

  test("runs as the mesh's own user, who gets no rights and writes nowhere but in the mesh's folders", () => {
    expect(service).toMatchObject({
      User: [MESH_USER],
      Group: [MESH_USER],
      StateDirectory: ["skyline/mesh"],
      NoNewPrivileges: ["yes"],
      CapabilityBoundingSet: [""],
      ProtectSystem: ["strict"],
      ProtectHome: ["yes"],
      PrivateTmp: ["yes"],
      PrivateDevices: ["yes"],
      ProtectKernelTunables: ["yes"],
      ProtectKernelModules: ["yes"],
      RestrictNamespaces: ["yes"],
      SystemCallFilter: ["@system-service"],
    });
    expect(service["ReadWritePaths"]).toBeUndefined();
    expect(service["AmbientCapabilities"]).toBeUndefined();
  });

  test("runs a program that both kinds of nodes have", () => {
    const programs = ["ExecStart", "ExecStartPre"].flatMap((key) => service[key] ?? []);
    const { binaries } = imageRole(name === "skyline-initial-weights.service" ? "gateway" : "mesos-node");
    for (const program of programs) expect(binaries).toContain(program.split(" ")[0]);
  });
});

test.each(["skyline-nginx", "skyline-template", "skyline-metrics"])(
  "%s is started again for as long as the node lives, and needs no other unit",
  (name) => {
    const unit = read(UNITS, `${name}.service`);
    expect(unit["Service"]).toMatchObject({ Restart: ["always"] });
    expect(unit["Unit"]).toMatchObject({ StartLimitIntervalSec: ["0"] });
    for (const key of ["Requires", "BindsTo", "Requisite"]) expect(unit["Unit"]?.[key]).toBeUndefined();
  },
);

test("NGINX starts with what is live, and does not ask for Consul", () => {
  const { Unit: unit, Service: service } = read(UNITS, "skyline-nginx.service");
  expect(service?.["ExecStartPre"]).toEqual([`${meshPaths.code}/skyline-apply --boot`]);
  expect(service?.["ExecStart"]?.[0]).toContain(` -c ${meshPaths.state}/live/nginx.conf `);
  expect(JSON.stringify(unit)).not.toContain("consul");
});
