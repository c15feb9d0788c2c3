import { type RawCatalogue, take, instance, services } from "../support/mesh-catalogue";
import { MeshNode } from "../support/mesh-node";

// Instances that are gone from Consul, or of which nobody knows how they are. No NGINX runs.

jest.setTimeout(120_000);

let node: MeshNode;

beforeEach(async () => {
  node = await MeshNode.create();
});

afterEach(() => node.close());

const apply = (raw: RawCatalogue) => take(node, raw);

const model = () => node.model();

describe("endpoints that Consul gives to another name", () => {
  test("a held service loses them, and is gone when none is left", async () => {
    const feed = [instance(201), instance(202)];
    await apply({ services: { ...services(10), feed } });
    const { last } = await apply({ services: { billing: [instance(1), instance(201)] } });
    expect(last.held).toHaveLength(10);
    expect(model().services).toMatchObject({
      feed: [["10.0.0.202", 31000, "node-202"]],
      billing: [
        ["10.0.0.1", 31000, "node-1"],
        ["10.0.0.201", 31000, "node-201"],
      ],
    });
    expect(node.services()).not.toContain("service-000");
    expect(last.findings).toContain(
      "services not held, as Consul has their endpoints for other names: service-000",
    );
    // What went like that counts as gone.
    expect(Object.keys(node.remembered.removed)).toEqual(["services/service-000"]);
  });

  test("one that is silent there counts as well; the same endpoint under two names that are there is nobody's affair", async () => {
    await apply({ services: { ...services(10), two: [instance(1)] } });
    expect(node.services()).toHaveLength(11);
    await apply({ services: { two: [{ ...instance(1), silent: true }] } });
    expect(node.services()).toHaveLength(10);
    expect(node.services()).not.toContain("service-000");
  });
});

describe.each([
  ["silent", 300],
  ["unchecked", 60],
])("an instance that is %s", (kind, seconds) => {
  const marked = (host: number) => ({ ...instance(host), [kind]: true });

  test(`stays as it was while it is live, for ${seconds} s`, async () => {
    await apply({ services: { foo: [instance(1), instance(2)], bar: [instance(3)] } });
    const before = node.live();
    const catalogued = { foo: [instance(1), marked(2)], bar: [marked(3)] };
    const { last } = await apply({ services: catalogued });
    expect([last.result, node.live()]).toEqual(["unchanged", before]);
    expect(last.findings).toEqual([
      "2 instances stay whose Consul agent is silent or new, on node-2, node-3",
    ]);
    const age = (by: number) => {
      const { silent } = node.remembered;
      const older = Object.entries(silent).map(([key, at]) => [key, at - by]);
      node.remembered = { ...node.remembered, silent: Object.fromEntries(older) as typeof silent };
    };
    age(seconds - 30);
    await node.apply();
    expect(node.live()).toBe(before);
    age(31);
    await node.apply();
    expect(model().services).toEqual({ foo: [["10.0.0.1", 31000, "node-1"]] });
  });

  test("begins anew when it has spoken, goes at once with its registration, and is not added", async () => {
    await apply({ services: { foo: [instance(1), instance(2)] } });
    await apply({ services: { foo: [instance(1), marked(2)] } });
    expect(Object.keys(node.remembered.silent)).toEqual([`${kind} foo 10.0.0.2:31000`]);
    expect((await apply({ services: { foo: [instance(1), instance(2)] } })).silent).toEqual({});
    await apply({ services: { foo: [instance(1), marked(2)] } });
    await apply({ services: { foo: [instance(1)] } });
    expect(model().services.foo).toHaveLength(1);
    await apply({ services: { foo: [instance(1), marked(2)], fresh: [marked(4)] } });
    expect(model().services).toEqual({ foo: [["10.0.0.1", 31000, "node-1"]] });
  });

  test("goes when another name has its endpoint", async () => {
    await apply({ services: { foo: [instance(1)] } });
    await apply({ services: { foo: [marked(1)], bar: [instance(1)] } });
    expect(node.services()).toEqual(["bar"]);
  });

  test("is no other than one at the same endpoint that speaks", async () => {
    await apply({ services: { foo: [instance(1)] } });
    await apply({ services: { foo: [{ ...marked(1), node: "another" }, instance(1)] } });
    expect(model().services).toEqual({ foo: [["10.0.0.1", 31000, "node-1"]] });
  });
});
