import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Staged,
  catalogue,
  take,
  dial,
  instance,
  removal,
  services,
  worker,
} from "../support/mesh-catalogue";
import { MeshNode } from "../support/mesh-node";

// What consul-template staged is more likely wrong than true. No NGINX runs: what is live is what it would start with.

jest.setTimeout(120_000);

let node: MeshNode;

beforeEach(async () => {
  node = await MeshNode.create();
});

afterEach(() => node.close());

const apply = (raw: Staged) => take(node, raw);

const model = () => node.model();

const without = (count: number, gone: number) =>
  Object.fromEntries(Object.entries(services(count)).slice(gone));

describe("services that go", () => {
  test("given an empty catalogue, then all is held as it was, and NGINX takes it", async () => {
    await apply({ services: services(10) });
    const before = node.live();
    const { last } = await apply({ services: {} });
    expect(node.services()).toHaveLength(10);
    expect(node.live()).toBe(before);
    expect(last.held).toHaveLength(10);
    expect(last.findings[0]).toMatch(/^10 services held: with 0 before, more than 2 of 10 would go in 60 s/);
    expect(await node.test()).toBe("");
  });

  test("given half of the names lost, then they are held, and whatever else has changed is applied", async () => {
    await apply({ services: services(10) });
    const { last } = await apply({
      services: { ...without(10, 5), fresh: [instance(77)], "service-009": [instance(99)] },
    });
    expect(last.held).toEqual(["service-000", "service-001", "service-002", "service-003", "service-004"]);
    expect(node.services()).toHaveLength(11);
    expect(model().services["service-009"]).toEqual([["10.0.0.99", 31000, "node-99"]]);
    expect(model().services["service-000"]).toEqual([["10.0.0.1", 31000, "node-1"]]);
  });

  test("a service with no healthy instance is scaled to zero, and goes at once; it comes back at once", async () => {
    await apply({ services: services(3) });
    const { last } = await apply({ services: { ...services(3), "service-001": [] } });
    expect(last).toMatchObject({ held: [], findings: [] });
    expect(node.services()).toEqual(["service-000", "service-002"]);
    await apply({ services: services(3) });
    expect(node.services()).toHaveLength(3);
  });

  test("names that go one after the other add up, for a minute", async () => {
    await apply({ services: services(10) });
    await apply({ services: without(10, 1) });
    expect((await apply({ services: without(10, 2) })).last.held).toEqual([]);
    expect((await apply({ services: without(10, 3) })).last.held).toEqual(["service-002"]);
    expect(node.services()).toHaveLength(8);

    const { removed } = node.remembered;
    expect(Object.keys(removed)).toEqual(["services/service-000", "services/service-001"]);
    const aMinuteAgo = Object.entries(removed).map(([name, at]) => [name, at - 60]);
    node.remembered = {
      ...node.remembered,
      removed: Object.fromEntries(aMinuteAgo) as Record<string, number>,
    };
    expect((await node.apply()).last.held).toEqual([]);
    expect(node.services()).toHaveLength(7);
  });

  test("a name that goes and comes back does not count", async () => {
    await apply({ services: services(10) });
    for (let round = 0; round < 2; round++) {
      expect((await apply({ services: without(10, 2) })).last.held).toEqual([]);
      await apply({ services: services(10) });
    }
    expect(node.services()).toHaveLength(10);
  });

  test("what is held goes on being held, and ends when the names are back", async () => {
    await apply({ services: services(10) });
    await apply({ services: {} });
    expect((await node.apply()).last.held).toHaveLength(10);
    expect((await apply({ services: services(10) })).last.held).toEqual([]);
  });
});

describe("the override", () => {
  test("lets those go that it names, holds the others, and leaves its trace", async () => {
    await apply({ services: services(10) });
    const status = await apply({
      services: without(10, 6),
      removal: removal(["service-000", "service-001", "service-002"]),
    });
    expect(status.last.held).toEqual(["service-003", "service-004", "service-005"]);
    expect(node.services()).toEqual(Object.keys(without(10, 3)));
    expect(status.counters.allowed).toBe(3);
    expect(node.runs().at(-1)).toMatchObject({
      allowed: ["service-000", "service-001", "service-002"],
      override: { by: "somebody", why: "moved to Kubernetes" },
    });
    expect(readFileSync(join(node.run, "apply.prom"), "utf8")).toMatch(
      /^skyline_override_removals_total 3$/m,
    );
  });

  test("lets all go when it says *", async () => {
    await apply({ services: services(10) });
    const { last } = await apply({ services: {}, removal: removal(["*"]) });
    expect(last).toMatchObject({ held: [], findings: [] });
    expect(node.services()).toEqual([]);
  });

  test("given one that has expired, names others or is no whole one, then all is held", async () => {
    await apply({ services: services(10) });
    const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
    const whole = { services: ["*"], by: "x", why: "y", expires: inHours(23.9) };
    const refused = [
      removal(["*"], -1),
      removal(["service-1", "service-00", ".*"]),
      JSON.stringify({ ...whole, why: "" }),
      JSON.stringify({ ...whole, by: undefined }),
      JSON.stringify({ ...whole, expires: whole.expires.replace("Z", "") }),
      JSON.stringify({ ...whole, expires: inHours(24.1) }),
      JSON.stringify({ ...whole, expires: "2999-01-01T00:00:00Z" }),
      JSON.stringify({ ...whole, expires: undefined }),
      "*",
    ];
    for (const text of refused) {
      expect([text, (await apply({ services: {}, removal: text })).last.held]).toEqual([
        text,
        Object.keys(services(10)),
      ]);
    }
    expect((await apply({ services: {}, removal: JSON.stringify(whole) })).last.held).toEqual([]);
  });
});

test("given an override without an end, or with one that is more than a day ahead, then the run says so", async () => {
  await apply({ services: services(10) });
  const whole = { services: ["*"], by: "x", why: "y" };
  const late = new Date(Date.now() + 25 * 3_600_000).toISOString();
  const found = async (expires?: string) =>
    (await apply({ services: {}, removal: JSON.stringify({ ...whole, expires }) })).last.findings[0];
  expect(await found(late)).toMatch(
    `the override is not taken: it expires '${late}', which is later than in 24 h, `,
  );
  expect(await found()).toMatch("the override is not taken: it expires None, and not at a time such as");
  expect(await found(new Date(Date.now() + 3_600_000).toISOString())).toBeUndefined();
  expect(node.services()).toEqual([]);
});

describe("workers", () => {
  const workers = (...hosts: number[]) => hosts.map((host) => worker(host));

  test("the last workers of a cluster with weight are held", async () => {
    await apply({ workers: workers(1, 2) });
    const { last } = await apply({ workers: [] });
    expect(last.held_clusters).toEqual(["alpha"]);
    expect(model().clusters).toEqual({
      alpha: [
        ["10.1.0.1", 5041],
        ["10.1.0.2", 5041],
      ],
    });
  });

  test("more than half at once are held, for five minutes; less than that goes at once", async () => {
    await apply({ workers: workers(1, 2, 3, 4, 5) });
    expect((await apply({ workers: workers(1, 2) })).last.held_clusters).toEqual(["alpha"]);
    expect(model().clusters.alpha).toHaveLength(5);
    const { missing } = node.remembered;
    node.remembered = { ...node.remembered, missing: { alpha: missing.alpha! - 300 } };
    await node.apply();
    expect(model().clusters.alpha).toHaveLength(2);
    expect((await apply({ workers: workers(2) })).last.held_clusters).toEqual([]);
    expect(model().clusters.alpha).toHaveLength(1);
  });

  test("those of a cluster without weight go, and so do all by an override", async () => {
    await apply({ workers: [worker(1), worker(9, "bravo")] });
    expect((await apply({ workers: [worker(1)] })).last.held_clusters).toEqual([]);
    expect(Object.keys(model().clusters)).toEqual(["alpha"]);
    await apply({ workers: [], removal: removal(["kubernetes-worker"]) });
    expect(model().clusters).toEqual({});
  });
});

describe("the dial", () => {
  test("given one that is missing or cannot be, then the last good weights stay", async () => {
    const workers = [worker(1), worker(2, "bravo")];
    await apply({ workers, dial: dial({ alpha: 30, bravo: 70 }, 7) });
    const refused: [string, string][] = [
      ["", ""],
      ["{", "it is no JSON"],
      [dial({ alpha: 99 }), "the sum of the weights is 99, and not 100"],
      [dial({ alpha: 110, bravo: -10 }), "the weight of alpha is 110, and not from 0 to 100"],
      [dial({ alpha: 0 }), "the sum of the weights is 0"],
      [dial({ alpha: 99.5, bravo: 0.5 }), "the weight of alpha is 99.5"],
      [dial({ alpha: true, bravo: 99 }), "the weight of alpha is True"],
      [dial({ alpha: 50, charlie: 50 }), "it gives weight to charlie, which has no worker"],
      [dial({ 'a";}': 100 }), "is no name of a cluster"],
      [dial({ alpha: 100 }, null), "its generation is None, and not a whole number from 1"],
      [dial({ alpha: 100 }, 0), "its generation is 0"],
      [dial({ alpha: 100 }, -8), "its generation is -8"],
      [dial({ alpha: 100 }, 8.5), "its generation is 8.5"],
      [dial({ alpha: 100 }, "8"), "its generation is '8'"],
      [dial({ alpha: 100 }, true), "its generation is True"],
      [dial({ alpha: 100 }).replace(":1,", `:${"9".repeat(5000)},`), "it is no JSON"],
      [dial({ alpha: 100 }, 2 ** 53), "its generation is 9007199254740992"],
    ];
    for (const [index, [text, why]] of refused.entries()) {
      const { last } = await apply({ workers, dial: text, services: services(index + 1) });
      expect(model()).toMatchObject({ weights: { alpha: 30, bravo: 70 }, dialGeneration: 7 });
      expect(node.services()).toHaveLength(index + 1);
      expect(last.findings.join("")).toContain(why);
    }
  });

  test("a weight of 0 is left out, and a cluster may come in one step with its weight", async () => {
    await apply({ dial: dial({ alpha: 100, bravo: 0 }) });
    expect(model().weights).toEqual({ alpha: 100 });
    await apply({ workers: [worker(1), worker(2, "bravo")], dial: dial({ alpha: 1, bravo: 99 }) });
    expect(model().weights).toEqual({ alpha: 1, bravo: 99 });
  });

  test("without a dial the initial weights are in force, also when their file comes late", async () => {
    const file = join(node.directory, "etc", "weights.json");
    node.writeSettings({ ...node.settings, initialWeightsFile: file });
    await node.apply("--boot");
    await apply({ dial: "" });
    expect(model()).toMatchObject({ weights: {}, dialGeneration: 0 });
    writeFileSync(file, '{"alpha":100}');
    await node.apply();
    expect(model()).toMatchObject({ weights: { alpha: 100 }, dialGeneration: 0 });
  });
});

test("settings that cannot be read leave the last good ones, and stop nothing else", async () => {
  await apply({ settings: { foo: '{"retries":0}', bar: '{"timeouts":{"read":5}}' } });
  const { last } = await apply({ services: services(1), settings: { foo: '{"retries":7}', bar: "{}" } });
  expect(model().settings).toEqual({
    bar: [1, 60, 60, 1, null, null, null],
    foo: [1, 60, 60, 0, null, null, null],
  });
  expect(last.dropped).toEqual({ settings: 1 });
});

test("given a catalogue that is not whole, then it is refused, and counted once", async () => {
  await apply({ services: services(5) });
  const before = node.live();
  const text = catalogue({ services: services(9) });
  const spoilt = [
    text.slice(0, text.length / 2),
    `${text.split("\n").slice(0, 3).join("\n")}\n`,
    text.slice(0, -1),
    text.replace(/^\{"service".*\n/m, ""),
    text.replace('"test"', '"production"'),
    "",
  ];
  for (const [index, each] of spoilt.entries()) {
    node.stage(each);
    const { last, counters } = await node.apply();
    expect(last.findings[0]).toMatch(/^the catalogue is refused: /);
    expect(counters["rejected/catalogue"]).toBe(index + 1);
  }
  expect((await node.apply()).counters["rejected/catalogue"]).toBe(spoilt.length);
  expect(node.live()).toBe(before);
});
