import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { catalogue, dial, dialFile, instance, services, take, worker } from "../support/mesh-catalogue";
import { MeshNode } from "../support/mesh-node";
import { parseMetrics } from "../support/prometheus-text";

// What the apply step does with the dial: at once, whatever else there is, and told by the NGINX that serves.

jest.setTimeout(180_000);

let node: MeshNode;

const WORKERS = [worker(1), worker(2, "bravo")];

beforeEach(async () => {
  node = await MeshNode.create();
  await node.apply("--boot");
  await node.start();
  await take(node, { workers: WORKERS, dial: dial({ alpha: 100 }, 1) });
});

afterEach(() => node.close());

const served = async () => {
  const response = await fetch(`http://${node.address}:5044/_skyline/dial`, {
    headers: { connection: "close" },
  });
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(response.headers.get("cache-control")).toBe("no-store");
  return (await response.json()) as unknown;
};
const turn = (weights: Record<string, number>, generation: number) => {
  node.stageDial(dialFile(dial(weights, generation)));
  return node.apply();
};
/** As after a storm of other changes. */
const tire = () => {
  node.remembered = { ...node.remembered, bucket: { tokens: 0, at: Date.now() / 1000 } };
};

test("a gateway tells the dial that it serves, without clusters of 0, and in its metrics", async () => {
  expect(await served()).toEqual({ generation: 1, weights: { alpha: 100 } });
  await turn({ alpha: 75, bravo: 25, charlie: 0 }, 7);
  expect(await served()).toEqual({ generation: 7, weights: { alpha: 75, bravo: 25 } });
  const metrics = parseMetrics(readFileSync(join(node.run, "apply.prom"), "utf8"));
  expect(metrics.sum("skyline_dial_generation")).toBe(7);
  expect(metrics.sum("skyline_cluster_weight", { cluster: "bravo" })).toBe(25);
});

test("a generation of equal weights is a new configuration, which is seen to serve", async () => {
  const before = await node.serving();
  expect((await turn({ alpha: 100 }, 2)).last.result).toBe("applied");
  expect(await node.serving()).not.toBe(before);
  expect(await served()).toEqual({ generation: 2, weights: { alpha: 100 } });
});

test("given no dial, then initial weights are generation 0, which a dial follows and a lost one does not bring back", async () => {
  const fresh = await MeshNode.create({ settings: { initialWeights: { bravo: 100 } } });
  const keep = node;
  node = fresh;
  try {
    await fresh.apply("--boot");
    await fresh.start();
    expect(await served()).toEqual({ generation: 0, weights: { bravo: 100 } });
    await take(fresh, { workers: WORKERS, dial: "" });
    expect(await served()).toEqual({ generation: 0, weights: { bravo: 100 } });
    await turn({ alpha: 100 }, 1);
    for (const lost of ["", "{", '{"weights":{"bravo":100}}']) {
      fresh.stageDial(dialFile(lost));
      await fresh.apply();
      expect(await served()).toEqual({ generation: 1, weights: { alpha: 100 } });
    }
    rmSync(join(fresh.state, "staging", "dial.jsonl"));
    await fresh.apply();
    expect(await served()).toEqual({ generation: 1, weights: { alpha: 100 } });
  } finally {
    await fresh.close();
    node = keep;
  }
});

test("given that reloads are used up, then a change of the dial takes effect at once, with whatever else has changed", async () => {
  tire();
  node.stage(catalogue({ workers: WORKERS, services: services(1) }));
  expect((await node.apply()).last.result).toBe("deferred");
  expect((await turn({ alpha: 50, bravo: 50 }, 2)).last.result).toBe("applied");
  expect(await served()).toEqual({ generation: 2, weights: { alpha: 50, bravo: 50 } });
  expect(node.services()).toHaveLength(1);
  node.stage(catalogue({ workers: WORKERS, services: services(2) }));
  expect((await node.apply()).last.result).toBe("deferred");
});

test("given old workers that end long requests, then the dial waits for more of them than other changes do", async () => {
  const sockets = [];
  for (let generation = 2; generation <= 7; generation++) {
    sockets.push(await node.halfRequest());
    node.rest();
    expect((await turn({ alpha: 100 }, generation)).last.result).toBe("applied");
  }
  node.rest();
  node.stage(catalogue({ workers: WORKERS, services: { foo: [instance(1)] } }));
  expect((await node.apply()).last.findings).toContain(
    "deferred: workers of too many generations end their last requests",
  );
  expect((await turn({ bravo: 100 }, 8)).last.result).toBe("applied");
  sockets.forEach((socket) => socket.destroy());
});

test("given who writes the dial without end, then it is damped, too, and made up for", async () => {
  tire();
  const now = Date.now() / 1000;
  node.remembered = { ...node.remembered, dial_bucket: { tokens: 2, at: now + 3600 } };
  const results = [];
  for (let generation = 2; generation <= 5; generation++) {
    // As if no time passed from one to the next.
    const { bucket } = node.remembered;
    node.remembered = { ...node.remembered, bucket: { ...bucket, tokens: 0, at: now + 3600 } };
    results.push((await turn({ alpha: 100 }, generation)).last.result);
    const { dial_bucket } = node.remembered;
    node.remembered = { ...node.remembered, dial_bucket: { ...dial_bucket, at: now + 3600 } };
  }
  expect(results).toEqual(["applied", "applied", "deferred", "deferred"]);
  expect(await served()).toMatchObject({ generation: 3 });
  node.remembered = { ...node.remembered, dial_bucket: { tokens: 0, at: Date.now() / 1000 - 3 } };
  tire();
  expect((await node.apply()).last.result).toBe("applied");
  expect(await served()).toMatchObject({ generation: 5 });
});

test("given a catalogue that is refused, then the dial takes effect all the same, and knows the clusters that were live", async () => {
  node.stage("nonsense");
  const { last } = await turn({ alpha: 10, bravo: 90 }, 2);
  expect(last).toMatchObject({
    result: "applied",
    findings: [expect.stringMatching(/^the catalogue is refused/)],
  });
  expect(await served()).toEqual({ generation: 2, weights: { alpha: 10, bravo: 90 } });
  expect((await turn({ charlie: 100 }, 3)).last.findings).toContainEqual(
    expect.stringMatching(/^the dial is not taken: it gives weight to charlie, which has no worker/),
  );
  expect(await served()).toMatchObject({ generation: 2 });
});

test("given a state of the code before, then the dial's room is a full one", async () => {
  const { dial_bucket: _, ...before } = node.remembered;
  node.remembered = before as typeof node.remembered;
  tire();
  const { last, counters } = await turn({ bravo: 100 }, 2);
  expect(last.result).toBe("applied");
  expect(counters.reloads).toBeGreaterThan(1);
});
