import { absent, transact } from "../../../operations/consul/transaction";
import { drainCluster } from "../../../operations/dial/drain";
import { lockHolder, withLock } from "../../../operations/dial/lock";
import { setDial } from "../../../operations/dial/set";
import { DialWorld } from "../../support/dial-world";

jest.setTimeout(120_000);

let world: DialWorld;
beforeAll(async () => {
  world = await DialWorld.start();
});
afterAll(() => world?.stop());
beforeEach(() => world.reset());

const drain = (cluster: string, to?: string) => drainCluster({ ...world.request(), cluster, to });
const inForce = (weights: object) =>
  world.write("dial", { generation: 7, weights, by: "bob@lab", why: "before", at: new Date().toISOString() });
const weights = async () => (await world.dial())?.weights;

test("drain gives what a cluster had to the others, in their proportions, whatever step and hold say", async () => {
  await inForce({ alpha: 70, bravo: 20, charlie: 10 });
  await drain("alpha");
  expect(await world.dial()).toMatchObject({
    ...{ generation: 8, weights: { bravo: 67, charlie: 33 }, why: "alpha is drained" },
  });
  expect(await world.audit()).toEqual([
    expect.objectContaining({
      ...{ action: "drain", generation: 8 },
      from: { generation: 7, weights: { alpha: 70, bravo: 20, charlie: 10 } },
    }),
  ]);
});

test("--to names who takes all of it", async () => {
  await inForce({ alpha: 70, bravo: 20, charlie: 10 });
  await drain("alpha", "charlie");
  expect(await weights()).toEqual({ bravo: 20, charlie: 80 });
});

test("who has no workers takes nothing more, and does not stop it", async () => {
  await inForce({ alpha: 70, bravo: 20, charlie: 10 });
  await world.workers({ charlie: 0 });
  await drain("alpha");
  expect(await weights()).toEqual({ bravo: 90, charlie: 10 });
});

test("a dead cluster, or one that is no more in the file, can be left", async () => {
  await inForce({ bravo: 60, ghost: 40 });
  await drain("ghost");
  expect(await weights()).toEqual({ bravo: 100 });
  await world.workers({ bravo: 0, charlie: 0 });
  await drain("bravo");
  expect(await weights()).toEqual({ alpha: 100 });
});

test("all traffic goes to the only other cluster that can take it", async () => {
  await inForce({ alpha: 100 });
  await world.workers({ charlie: 0 });
  await drain("alpha");
  expect(await weights()).toEqual({ bravo: 100 });
});

test("all traffic wants --to when several could take it", async () => {
  await inForce({ alpha: 100 });
  await expect(drain("alpha")).rejects.toMatchObject({
    kind: "invalid",
    message: "bravo and charlie could take over from alpha, and none has traffic now",
    hint: "say which one: --to bravo",
  });
  expect(await weights()).toEqual({ alpha: 100 });
});

test.each([
  [["alpha"], "refused", "nobody can take over from alpha"],
  [["alpha", "bravo"], "refused", "bravo has no healthy worker in Consul"],
  [["alpha", "delta"], "refused", "delta is retiring"],
  [["alpha", "alpha"], "invalid", "alpha cannot take over from itself"],
  [["alpha", "ghost"], "invalid", "ghost is no cluster of this environment"],
  [["ghost"], "invalid", "ghost is no cluster of development"],
])("%j never enters a dead cluster: %s", async ([cluster = "", to], kind, message) => {
  await inForce({ alpha: 100 });
  await world.workers({ bravo: 0, charlie: 0 });
  await expect(drain(cluster, to)).rejects.toMatchObject({
    ...{ kind, message: expect.stringContaining(message) as string },
  });
  expect(await weights()).toEqual({ alpha: 100 });
});

test("drain takes the lock from whoever holds it, and that run writes nothing more", async () => {
  await inForce({ alpha: 50, bravo: 50 });
  const { consul } = world;
  const request = { consul, environment: "development", by: "bob@lab", what: "ramp to bravo" };
  const lost = await withLock(request, async (lock) => {
    const ended = await world.run("drain", ["alpha", "--no-wait"]);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).toContain("taking the lock of bob@lab (ramp to bravo)\n");
    return lock;
  });
  const next = transact(consul, [lost.held, absent("skyline/x")], "");
  await expect(next).rejects.toMatchObject({ kind: "conflict" });
  expect(await weights()).toEqual({ bravo: 100 });
  expect(await lockHolder(consul, "development")).toBeNull();
});

test("somebody else's change at the same moment does not stop it", async () => {
  await inForce({ alpha: 50, bravo: 50 });
  const lines: string[] = [];
  // Between the reading and the writing: that is when it would be asked in production.
  const confirm = async () => {
    await setDial({
      ...world.request(),
      weights: { alpha: 90, bravo: 10 },
      why: "at once",
      override: "at once",
    });
  };
  const result = await drainCluster({
    ...world.request({ confirm, report: (line) => lines.push(line) }),
    cluster: "alpha",
  });
  expect(result).toMatchObject({ changed: true, generation: 9, before: { generation: 8 } });
  expect(lines[0]).toMatch(/: once more$/);
  expect(await weights()).toEqual({ bravo: 100 });
});

test("drain ends a ramp whose record nobody can read", async () => {
  await inForce({ alpha: 50, bravo: 50 });
  await world.write("ramp", "{");
  const dry = await drainCluster({ ...world.request({ dryRun: true }), cluster: "alpha" });
  expect(dry).toMatchObject({ dryRun: true, ends: ["a ramp whose record cannot be read"] });
  expect(await world.text("ramp")).toBe("{");
  await drain("alpha");
  expect(await world.text("ramp")).toBeUndefined();
});

test("of a cluster without traffic there is nothing to do; when a ramp is there, that ends", async () => {
  await inForce({ alpha: 100 });
  expect(await drain("bravo")).toMatchObject({ changed: false, generation: 7 });
  await world.write("ramp", "{");
  expect(await drain("bravo")).toMatchObject({ changed: true });
  expect(await world.text("ramp")).toBeUndefined();
  expect(await world.dial()).toMatchObject({ generation: 8, weights: { alpha: 100 } });
});
