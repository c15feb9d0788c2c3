import { execFileSync } from "node:child_process";
import { createHash, randomInt } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type Server, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { catalogue, dial, dialFile, instance, services } from "../support/mesh-catalogue";
import { MeshNode, NODE_CODE } from "../support/mesh-node";
import { waitUntil } from "../support/process";

jest.setTimeout(180_000);

let node: MeshNode;

beforeEach(async () => {
  node = await MeshNode.create();
  await node.apply("--boot");
  node.stageDial(dialFile(dial({ alpha: 100 })));
  await node.start();
});

afterEach(() => node.close());

/** Stages a catalogue that is unlike the others. */
const stage = (number: number) =>
  node.stage(catalogue({ services: { ...services(3), marker: [instance(1000 + number)] } }));

/** The number of the catalogue that is live. */
const marker = (): number => {
  const model = JSON.parse(node.liveFile("model.json")) as { services: { marker: [string][] } };
  const [, , high, low] = model.services.marker[0]![0].split(".").map(Number);
  return 256 * high! + low! - 1000;
};

test("what Consul knows is in force after one run; a run with nothing new does nothing", async () => {
  stage(1);
  expect((await node.apply()).last).toMatchObject({ result: "applied", findings: [] });
  expect(await node.serving()).toBe(node.live());
  expect(node.services()).toEqual(["marker", "service-000", "service-001", "service-002"]);
  const { counters } = await node.apply();
  expect(counters.reloads).toBe(1);
  expect(node.runs().map(({ result }) => result)).toEqual(["installed", "applied"]);
  expect(await node.status()).toMatchObject({
    live: node.live(),
    serving: node.live(),
    services: 4,
    boot: false,
  });
});

test("single changes take effect at once; a storm is damped, and made up for", async () => {
  for (const [number, result] of ["applied", "applied", "applied", "deferred", "deferred"].entries()) {
    stage(number);
    expect((await node.apply()).last.result).toBe(result);
    expect(await node.serving()).toBe(node.live());
  }
  expect(marker()).toBe(2);
  const { bucket } = node.remembered;
  node.remembered = { ...node.remembered, bucket: { ...bucket, at: bucket.at - 10 } };
  expect((await node.apply()).last.result).toBe("applied");
  expect(marker()).toBe(4);
});

test("given a configuration that NGINX tests well and does not take, then the last one serves again", async () => {
  stage(1);
  await node.apply();
  const before = node.live();
  // A test does not mind an address that is taken; a reload does.
  const taken = await listenAt(node.address, 7001);
  node.nginxConf = node.nginxConf.replace(/^( +)listen .*:5042;/m, `$&\n$1listen ${node.address}:7001;`);
  stage(2);
  const { last, counters } = await node.apply();
  expect(last).toMatchObject({ result: "rolled-back", back: before, confirmed: true });
  expect([node.live(), await node.serving()]).toEqual([before, before]);
  expect(counters["rejected/unconfirmed"]).toBe(1);
  // It is not tried again at once: what is known to fail only costs reloads. What Consul says is applied without it.
  expect((await node.apply()).counters).toMatchObject({ reloads: counters.reloads! + 1 });
  expect(marker()).toBe(2);
  expect(await node.serving()).toBe(node.live());
  taken.close();
});

test("given an nginx.conf that NGINX refuses, then what Consul knows is applied with the last good one", async () => {
  stage(1);
  await node.apply();
  const good = node.nginxConf;
  node.nginxConf = `${good}\nnonsense;\n`;
  stage(2);
  const { last } = await node.apply();
  expect(last.result).toBe("applied");
  expect(last.findings[0]).toMatch(/with nginx.conf as installed: .*unknown directive "nonsense"/);
  expect([marker(), node.liveFile("nginx.conf")]).toEqual([2, good]);
});

test("which nginx.conf is in force is said, and its digest", async () => {
  const digest = () => createHash("sha256").update(node.liveFile("nginx.conf")).digest("hex").slice(0, 12);
  const said = async () => {
    node.rest();
    await node.apply();
    const metrics = readFileSync(join(node.run, "apply.prom"), "utf8");
    const { nginxConf } = await node.status();
    expect(metrics).toContain(
      `\nskyline_nginx_conf_info{base="${nginxConf?.base}",sha256="${nginxConf?.sha256}"} 1\n`,
    );
    expect(nginxConf?.sha256).toBe(digest());
    return nginxConf?.base;
  };
  node.writeSettings({ ...node.settings, places: { GREETING: "hello" } });
  stage(1);
  expect(await said()).toBe("installed");
  const installed = digest();
  const tree = join(node.state, "files", "current");
  mkdirSync(tree, { recursive: true });
  writeFileSync(join(tree, "nginx.conf"), `# @@GREETING@@\n${node.nginxConf}`);
  expect([await said(), digest() === installed]).toEqual(["published", false]);
  writeFileSync(join(tree, "nginx.conf"), "nonsense;\n");
  expect([await said(), digest() === installed]).toEqual(["last-good", false]);
  rmSync(join(tree, "nginx.conf"));
  expect([await said(), digest()]).toEqual(["installed", installed]);
});

test("given writes that fail or are killed, then at most one temporary file of a target is left, and it is written over", () => {
  const folder = join(node.directory, "writes");
  mkdirSync(join(folder, "taken"), { recursive: true });
  const python = (program: string) => {
    const text = `import os\nfrom pathlib import Path\nfrom skyline_mesh import disk\n${program}`;
    const env = { ...process.env, PYTHONPATH: NODE_CODE, PYTHONDONTWRITEBYTECODE: "1", FOLDER: folder };
    execFileSync("python3", ["-c", text], { env });
  };
  const target = `Path(os.environ["FOLDER"]) / "target"`;
  for (let number = 0; number < 3; number++) {
    python(`disk.os.fsync = lambda _: os._exit(0)\ndisk.write_atomically(${target}, "${number}")`);
  }
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toHaveLength(1);
  python(`disk.write_atomically(${target}, "whole")`);
  expect(readdirSync(folder).sort()).toEqual(["taken", "target"]);
  expect(readFileSync(join(folder, "target"), "utf8")).toBe("whole");
  // No file takes the place of a folder.
  python(`
try:
    disk.write_atomically(Path(os.environ["FOLDER"]) / "taken", "x")
except OSError:
    pass
else:
    raise SystemExit("it has been written")`);
  expect(readdirSync(folder).sort()).toEqual(["taken", "target"]);
});

test("given runs that are killed at any moment, then NGINX serves and could start, and the next run goes on", async () => {
  for (let number = 0; number < 12; number++) {
    node.rest();
    stage(number);
    await node.program("skyline-apply", [], AbortSignal.timeout(randomInt(30, 900)));
    expect(await node.test()).toBe("");
    expect(await node.serving()).toBeDefined();
  }
  stage(99);
  await waitUntil("a run gets through", async () => {
    node.rest();
    expect((await node.apply()).unconfirmed_from).toBeNull();
    expect([marker(), await node.serving()]).toEqual([99, node.live()]);
  });
});

test("given a run that was killed between the swap and the reload, then the next one reloads", async () => {
  stage(1);
  await node.apply();
  const [before, first] = [node.live()!, node.remembered];
  stage(2);
  await node.stop();
  await node.apply();
  const after = node.live()!;
  node.pointLive(before);
  await node.start();
  node.pointLive(after);
  node.remembered = { ...first, unconfirmed_from: before };
  expect(await node.serving()).toBe(before);
  const { last, unconfirmed_from } = await node.apply();
  expect([last.result, unconfirmed_from]).toEqual(["applied", null]);
  expect(await node.serving()).toBe(after);
});

test("runs at the same time come one after the other, and the last catalogue is in force", async () => {
  const runs = [];
  for (let number = 0; number < 6; number++) {
    stage(number);
    runs.push(node.program("skyline-apply"));
    await sleep(20);
  }
  for (const { code, stderr } of await Promise.all(runs)) {
    expect([code, stderr]).toEqual([0, ""]);
  }
  node.rest();
  await node.apply();
  expect([marker(), await node.serving()]).toEqual([5, node.live()]);
});

test("given requests that do not end, then workers of no more than five old generations are alive", async () => {
  stage(0);
  await node.apply();
  const open = [];
  for (let number = 1; number < 8; number++) {
    open.push(await node.halfRequest());
    node.rest();
    stage(number);
    await node.apply();
  }
  expect(node.remembered.last).toMatchObject({ result: "deferred" });
  expect(node.remembered.last.findings[0]).toMatch(/workers of too many generations/);
  expect(marker()).toBe(5);
  for (const socket of open) {
    socket.destroy();
  }
  await waitUntil("the last change is in force", async () => {
    node.rest();
    await node.apply();
    expect(marker()).toBe(7);
  });
});

test("given a catalogue whose configuration is that of an older generation, then the live model is still its own", async () => {
  const ports = () => node.liveFile("model.json").match(/31\d\d\d/g);
  for (const port of [31001, 31002]) {
    node.rest();
    node.stage(catalogue({ services: { foo: [instance(1, port)] } }));
    await node.apply();
    expect(ports()).toEqual([String(port)]);
    node.stage(catalogue({ services: {} }));
    await node.apply();
  }
  const name = node.live();
  node.stage(catalogue({ services: { foo: [instance(1, 31003)] } }));
  node.rest();
  await node.apply();
  expect(ports()).toEqual(["31003"]);
  node.stage(catalogue({ services: { foo: [instance(1, 31004)] } }));
  await node.apply();
  expect(ports()).toEqual(["31004"]);
  expect(node.live()).not.toBe(name);
});

describe("before NGINX starts", () => {
  test("given a live generation that is damaged, then it is mended, or another that passes is taken", async () => {
    stage(1);
    await node.apply();
    const good = node.live();
    stage(2);
    await node.apply();
    const last = node.live();
    await node.stop();
    for (const file of ["catalogue", "dial"]) rmSync(join(node.state, "staging", `${file}.jsonl`));
    node.nginxConf = "nonsense;";

    writeFileSync(join(node.state, "live", "routes.conf"), "nonsense;");
    await node.apply("--boot");
    expect([node.live(), marker(), await node.test()]).toEqual([last, 2, ""]);

    writeFileSync(join(node.state, "live", "nginx.conf"), "nonsense;");
    expect((await node.program("skyline-apply", ["--boot"])).code).toBe(0);
    expect([node.live(), marker()]).toEqual([good, 1]);
    await node.start();
  });

  test("given nothing that NGINX could start with, then it says so", async () => {
    await node.stop();
    rmSync(join(node.state, "generations"), { recursive: true });
    writeFileSync(join(node.directory, "etc", "nginx.conf"), "nonsense;");
    const ended = await node.program("skyline-apply", ["--boot"]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/no generation to start with.*unknown directive/);
  });
});

test("given settings that are none, then a run changes nothing and still ends with 0", async () => {
  const before = node.live();
  writeFileSync(node.file, "{");
  const ended = await node.program("skyline-apply");
  expect(ended.code).toBe(0);
  expect(ended.stderr).toMatch(/is no settings of a node/);
  expect(node.live()).toBe(before);
});

function listenAt(address: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, address, () => resolve(server));
  });
}
