import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

// What routes.py makes of a large catalogue, read back: each service leads to its own nodes.

const CODE = join(__dirname, "..", "..", "mesh", "node");
const RENDER = `
import json, sys
from pathlib import Path
from skyline_mesh import routes
from skyline_mesh.model import Model
from skyline_mesh.node import Node
print(json.dumps(routes.render(Model.from_json(sys.stdin.read()), Node.load(Path(sys.argv[1])))))
`;

/** Service number i is on the nodes i and i + 1 + i / 100 of a hundred. */
const nodesOf = (i: number) =>
  [i % 100, (i + 1 + (Math.floor(i / 100) % 99)) % 100].map((n) => `10.0.0.${n}`);

async function render(services: number): Promise<Record<string, string>> {
  const folder = await mkdtemp("/tmp/skyline-routes-");
  try {
    const node = {
      role: "gateway",
      environment: "development",
      address: "10.0.1.1",
      nginx: "/usr/sbin/nginx",
      paths: { state: folder, run: folder, log: folder },
      ports: { local: 5040, inbound: 5041, gateway: 5042, health: 5044 },
      listen: { local: "127.0.0.1", node: "10.0.1.1", health: "10.0.1.1" },
    };
    await writeFile(join(folder, "node.json"), JSON.stringify(node));
    const model = {
      services: Object.fromEntries(
        Array.from({ length: services }, (_, i) => [
          `service-${i}`,
          nodesOf(i).map((address) => [address, 31000, `node-${address}`]),
        ]),
      ),
      clusters: { alpha: [["10.1.0.1", 5041]] },
      weights: { alpha: 100 },
      settings: {},
      boot: false,
    };
    const done = promisify(execFile)("python3", ["-c", RENDER, join(folder, "node.json")], {
      env: { ...process.env, PYTHONPATH: CODE, PYTHONDONTWRITEBYTECODE: "1" },
      maxBuffer: 64 << 20,
    });
    done.child.stdin?.end(JSON.stringify(model));
    return JSON.parse((await done).stdout) as Record<string, string>;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test.each([
  ["an upstream of its own", 2900],
  ["one of the same nodes", 9000],
])(
  "each of many services leads to its own nodes, by %s",
  async (_, count) => {
    const files = await render(count);
    const upstreams = new Map<string, string[]>();
    for (const [, name, body] of (files["upstreams.conf"] ?? "").matchAll(
      /^upstream (\S+) \{\n([^}]*)\}/gmu,
    )) {
      expect(upstreams.has(name!)).toBe(false);
      upstreams.set(
        name!,
        [...body!.matchAll(/^ *server ([\d.]+):5041/gmu)].map(([, address]) => address!),
      );
    }
    const routes = [
      ...(files["routes.conf"] ?? "").matchAll(
        /\^~ \/service\/service-(\d+)\/ .*proxy_pass http:\/\/([^;]+);/gu,
      ),
    ];
    expect(routes).toHaveLength(count);
    const wrong = routes.filter(([, i, name]) => {
      const servers = upstreams.get(name!);
      return servers?.join() !== [...new Set(nodesOf(Number(i)))].sort().join();
    });
    expect(wrong.map(([line]) => line)).toEqual([]);
  },
  60_000,
);
