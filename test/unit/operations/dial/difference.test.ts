import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { ClusterState } from "../../../../operations/dial/clusters";
import { difference, moves, splitOf } from "../../../../operations/dial/difference";
import type { Weights } from "../../../../operations/dial/weights";

const cluster = (name: string, workers: number, role: ClusterState["role"] = "passive"): ClusterState => ({
  ...{ name, workers, role, kind: "eks" },
});
const clusters = [
  cluster("alpha", 2, "active"),
  cluster("bravo", 1),
  cluster("empty", 0),
  cluster("gone", 0, "removed"),
];

/** What a gateway's apply step renders of the same. */
function rendered(weights: Weights): string {
  const program = `
import json, sys
from skyline_mesh.model import Model, Worker
from skyline_mesh.dial_maps import _choice
workers = json.loads(sys.argv[2])
clusters = {name: [Worker(f"10.0.0.{at}", 5041) for at in range(count)] for name, count in workers.items() if count}
print("\\n".join(_choice(Model(services={}, settings={}, clusters=clusters, weights=json.loads(sys.argv[1])), {})))
`;
  const workers = Object.fromEntries(clusters.map(({ name, workers }) => [name, workers]));
  return execFileSync("python3", ["-c", program, JSON.stringify(weights), JSON.stringify(workers)], {
    encoding: "utf8",
    env: {
      ...process.env,
      PYTHONPATH: join(__dirname, "../../../../mesh/node"),
      PYTHONDONTWRITEBYTECODE: "1",
    },
  });
}

test.each<[Weights]>([
  [{ alpha: 100 }],
  [{ bravo: 25, alpha: 75 }],
  [{ alpha: 1, bravo: 98, empty: 1 }],
  [{ alpha: 50, ghost: 50 }],
])("%j is split as gateways render it", (weights) => {
  expect(splitOf(weights, clusters)).toBe(rendered(weights));
});

test("the difference is that of the gateways' configuration", () => {
  expect(difference({ alpha: 100 }, { alpha: 75, bravo: 25 }, clusters)).toBe(
    [
      "--- a/maps.conf",
      "+++ b/maps.conf",
      "@@ -1,3 +1,4 @@",
      " split_clients $skyline_request_id $dial {",
      '-  * "alpha";',
      '+  75% "alpha";',
      '+  * "bravo";',
      " }",
    ].join("\n"),
  );
  expect(difference({ alpha: 100 }, { alpha: 100 }, clusters)).toBe("");
  expect(difference(null, { alpha: 100 }, clusters)).toMatch(/^--- \/dev\/null\n/);
});

test("moves tell of every cluster that is there or has a weight", () => {
  expect(moves({ alpha: 90, ghost: 10 }, { alpha: 75, bravo: 25 }, clusters)).toEqual([
    { cluster: "alpha", before: 90, after: 75 },
    { cluster: "bravo", before: 0, after: 25 },
    { cluster: "empty", before: 0, after: 0 },
    { cluster: "ghost", before: 10, after: 0 },
  ]);
  expect(moves(null, { alpha: 100 }, clusters)[0]).toEqual({ cluster: "alpha", before: null, after: 100 });
});
