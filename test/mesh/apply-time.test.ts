import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { catalogue, services } from "../support/mesh-catalogue";
import { MeshNode, NODE_CODE } from "../support/mesh-node";
import { REPOSITORY } from "../support/terraform-project";

// consul-template ends when its command takes too long, and systemd kills the unit.

jest.setTimeout(240_000);

let node: MeshNode;
let holder: ChildProcess | undefined;

beforeEach(async () => {
  node = await MeshNode.create();
});

afterEach(async () => {
  holder?.kill("SIGKILL");
  holder = undefined;
  await node.close();
});

/** Makes tests of what contains this word never end. */
const hangAt = (word: string) => {
  const program = join(node.directory, "etc", "nginx");
  // The configuration is the last argument.
  const script = `#!/bin/bash\ngrep -q '${word}' "\${@: -1}" && exec sleep 600\nexec '${node.nginx}' "$@"\n`;
  writeFileSync(program, script);
  chmodSync(program, 0o755);
  node.writeSettings({ ...node.settings, nginx: program });
};

const publish = (text: string) => {
  const tree = join(node.state, "files", "current");
  mkdirSync(tree, { recursive: true });
  writeFileSync(join(tree, "nginx.conf"), text);
};

test("given a lock that is long held and tests that do not end, then a run ends in time and leaves the rest to the next", async () => {
  node.nginxConf = `# the first\n${node.nginxConf}`;
  await node.apply("--boot");
  const before = node.live();
  hangAt("worker_processes");
  const conf = node.nginxConf;
  node.nginxConf = `# another\n${conf}`;
  publish(`# published\n${conf}`);
  node.stage(catalogue({ services: services(1) }));
  holder = spawn("flock", [join(node.state, "lock"), "-c", "echo held; exec sleep 15"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout!, "data");
  const ended = await node.program("skyline-apply");
  expect(ended).toMatchObject({ code: 0, stderr: "" });
  expect(ended.milliseconds).toBeLessThan(seconds("RUN_SECONDS") * 1000);
  expect(node.remembered.last.result).toBe("deferred");
  expect(node.remembered.last.findings.at(-1)).toMatch(
    /^deferred: nginx -t has not ended within the [\d.]+ s/,
  );
  // What had no time is not taken for refused.
  expect(node.remembered.refused).toEqual({});
  expect(node.live()).toBe(before);
});

test("given a published nginx.conf whose test does not end, then it is refused, and what Consul knows is applied", async () => {
  await node.apply("--boot");
  hangAt("never ends");
  publish(`# never ends\n${node.nginxConf}`);
  node.stage(catalogue({ services: services(2) }));
  const { last } = await node.apply();
  expect(last.findings).toContainEqual(
    expect.stringMatching(/with nginx.conf as published: .*timed out after 20/),
  );
  expect(last.result).toBe("installed");
  expect(node.services()).toHaveLength(2);
});

test("a run ends before whoever waits for it gives up", () => {
  const unit = (name: string) => readFileSync(join(REPOSITORY, "mesh", "units", name), "utf8");
  const timeout = Number(/^TimeoutStartSec=(\d+)$/m.exec(unit("skyline-apply.service"))?.[1]);
  expect(timeout).toBeGreaterThan(seconds("RUN_SECONDS"));
  const template = readFileSync(join(NODE_CODE, "consul-template.hcl"), "utf8");
  const timeouts = [...template.matchAll(/timeout = "(\d+)s"/g)].map(([, found]) => Number(found));
  expect(timeouts).toHaveLength(3);
  expect(Math.min(...timeouts)).toBeGreaterThan(seconds("RUN_SECONDS"));
  // DefaultTimeoutStartSec: skyline-nginx.service has no other.
  expect(unit("skyline-nginx.service")).not.toMatch(/TimeoutStartSec/);
  expect(90).toBeGreaterThan(seconds("BOOT_SECONDS"));
});

function seconds(name: string): number {
  const source = readFileSync(join(NODE_CODE, "skyline_mesh", "deadline.py"), "utf8");
  return Number(new RegExp(`^${name} = ([\\d.]+)$`, "m").exec(source)?.[1]);
}
