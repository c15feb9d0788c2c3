import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootedEnvironment } from "../../support/boot-environment";
import { writeNodeFiles } from "../../../operations/mesh/write-node-files";

const folder = mkdtempSync(join(tmpdir(), "skyline-node-files-"));
afterAll(() => rmSync(folder, { recursive: true }));
const written = () => writeNodeFiles(bootedEnvironment(), folder);
const text = (path: string) => readFileSync(join(folder, path), "utf8");

test("the settings of Mesos nodes are written as they stand on a node, once, and hold no secret", () => {
  expect(writeNodeFiles(bootedEnvironment(), folder, true).map(({ action }) => action)).toEqual(
    Array<string>(5).fill("created"),
  );
  expect(written().map(({ path, action }) => [path, action])).toEqual([
    ["/etc/skyline/node.env", "created"],
    ["/etc/consul.d/skyline.json", "created"],
    ["/etc/skyline/mesh/node.json", "created"],
    ["/etc/skyline/mesh/nginx.conf", "created"],
    ["/etc/skyline/mesh/consul-template.hcl", "created"],
  ]);
  expect(new Set(written().map(({ action }) => action))).toEqual(new Set(["unchanged"]));
  expect(JSON.parse(text("/etc/skyline/mesh/node.json"))).toMatchObject({
    role: "mesos",
    environment: "booted",
    gateway: "sdb.booted.example.internal:5042",
    listen: { local: "127.0.0.1" },
  });
  expect(text("/etc/skyline/node.env")).toContain(
    'SKYLINE_SECRETS="skyline/booted/consul/mesos:/etc/consul.d/pki:consul"\n',
  );
  expect(text("/etc/skyline/mesh/nginx.conf")).toContain("listen 127.0.0.1:5040");
  expect(text("/etc/consul.d/skyline.json")).not.toMatch(/"encrypt"|"tokens"/);
});
