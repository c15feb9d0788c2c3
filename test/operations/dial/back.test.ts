import { absent, transact } from "../../../operations/consul/transaction";
import { goBack } from "../../../operations/dial/back";
import { withLock } from "../../../operations/dial/lock";
import { setDial } from "../../../operations/dial/set";
import type { Weights } from "../../../operations/dial/weights";
import { rampRecord } from "../../support/dial-commands";
import { DialWorld } from "../../support/dial-world";

jest.setTimeout(120_000);

let world: DialWorld;
beforeAll(async () => {
  world = await DialWorld.start();
});
afterAll(() => world?.stop());
beforeEach(() => world.reset());

const set = (weights: Weights) => setDial({ ...world.request(), weights, why: "a test", override: "a test" });
const back = (why?: string) => goBack({ ...world.request(), why });

/** A ramp to bravo that has come to 25. */
const ramp = (run: string) =>
  rampRecord({ run, at: 1, before: { generation: 1, weights: { alpha: 90, bravo: 10 } } });

test("back goes to the weights before the last change, at once", async () => {
  await set({ alpha: 75, bravo: 25 });
  await set({ alpha: 50, bravo: 50 });
  await back();
  expect(await world.dial()).toMatchObject({
    ...{ generation: 3, weights: { alpha: 75, bravo: 25 }, by: "ann@desk" },
    why: "back to the weights before generation 2 (a test)",
  });
  expect((await world.audit())[2]).toMatchObject({
    action: "back",
    from: { generation: 2, weights: { alpha: 50, bravo: 50 } },
  });
});

test("back from the first change is the file's active cluster", async () => {
  await set({ alpha: 50, bravo: 50 });
  await back("errors");
  expect(await world.dial()).toMatchObject({ generation: 2, weights: { alpha: 100 }, why: "errors" });
});

test("a second one does not undo the first, and says how to go forward", async () => {
  await set({ alpha: 75, bravo: 25 });
  await back();
  await expect(back()).rejects.toMatchObject({
    kind: "refused",
    message: expect.stringMatching(/^generation 2 has gone back already \(back by ann@desk, /) as string,
    hint: "nothing is to be done; forward again: skyline dial set alpha=75 bravo=25 --env development",
  });
  expect(await world.dial()).toMatchObject({ generation: 2 });
});

test("all steps of a ramp are one change", async () => {
  await set({ alpha: 90, bravo: 10 });
  const record = { by: "bob@lab", why: "a ramp", at: "2026-01-31T12:00:00Z", override: null };
  const steps = [25, 50, 100].map((share, at) => ({
    ...{ ...record, action: "ramp", run: "a-ramp", generation: at + 2 },
    weights: share === 100 ? { bravo: 100 } : { alpha: 100 - share, bravo: share },
    from: { generation: at + 1, weights: at === 0 ? { alpha: 90, bravo: 10 } : { alpha: 75, bravo: 25 } },
  }));
  for (const step of steps) await world.write(`audit/dial/${step.generation}`, step);
  await world.write("dial", { ...record, generation: 4, weights: { bravo: 100 } });
  await back();
  expect(await world.dial()).toMatchObject({
    ...{ generation: 5, weights: { alpha: 90, bravo: 10 } },
    why: "back to the weights before generation 2 (a ramp)",
  });
});

test("back from weights that somebody has written by hand is to the last ones with a record", async () => {
  await set({ alpha: 75, bravo: 25 });
  const dial = { generation: 9, weights: { bravo: 100 }, by: "eve", why: "", at: "2026-01-31T12:00:00Z" };
  await world.write("dial", dial);
  await back();
  expect(await world.dial()).toMatchObject({ generation: 10, weights: { alpha: 75, bravo: 25 } });
});

test("back ends a ramp that is on: to what it recorded, by taking its lock", async () => {
  await set({ alpha: 75, bravo: 25 });
  const { consul } = world;
  await withLock(
    { consul, environment: "development", by: "bob@lab", what: "ramp to bravo" },
    async (lock) => {
      await world.write("ramp", ramp(lock.run));
      // Nobody else changes the dial of a ramp that is on.
      await expect(set({ alpha: 50, bravo: 50 })).rejects.toMatchObject({
        kind: "conflict",
        message: "a ramp to bravo by bob@lab, since 2026-01-31T12:00:00Z, is on",
      });
      expect(await back()).toMatchObject({
        ends: ["the ramp to bravo by bob@lab, since 2026-01-31T12:00:00Z"],
      });
      expect(await world.text("ramp")).toBeUndefined();
      // What the ramp wants to write next, it does not.
      const next = transact(consul, [lock.held, absent("skyline/x")], "");
      await expect(next).rejects.toMatchObject({ kind: "conflict" });
    },
  );
  expect(await world.dial()).toMatchObject({ weights: { alpha: 90, bravo: 10 } });
  expect((await world.audit()).at(-1)).toMatchObject({ action: "back", why: "back from the ramp to bravo" });
});

test("back ends an interrupted ramp, which a set only names", async () => {
  await set({ alpha: 75, bravo: 25 });
  await world.write("ramp", ramp("gone"));
  await expect(set({ alpha: 50, bravo: 50 })).rejects.toMatchObject({
    kind: "conflict",
    message: expect.stringMatching(/^a ramp to bravo by bob@lab, .* is interrupted$/) as string,
    hint: expect.stringContaining("skyline dial resume --env development") as string,
  });
  await back();
  expect(await world.text("ramp")).toBeUndefined();
  expect(await world.dial()).toMatchObject({ generation: 2, weights: { alpha: 90, bravo: 10 } });
});

test("back does not take the lock of what is no ramp", async () => {
  await set({ alpha: 75, bravo: 25 });
  const request = { consul: world.consul, environment: "development", by: "bob@lab", what: "cutover" };
  await withLock(request, () =>
    expect(back()).rejects.toMatchObject({
      kind: "conflict",
      message: expect.stringMatching(
        /^the lock of development is held by bob@lab, for cutover, since 2/,
      ) as string,
    }),
  );
  expect(await world.dial()).toMatchObject({ generation: 1 });
});

test("back is refused where a cluster cannot take its share again", async () => {
  await set({ alpha: 50, bravo: 50 });
  await world.workers({ alpha: 0 });
  await expect(back()).rejects.toMatchObject({
    kind: "refused",
    message: "alpha has no healthy worker in Consul",
  });
});

test("with no change at all there is nothing to go back from", async () => {
  await expect(back()).rejects.toMatchObject({
    kind: "refused",
    message: "there is no record of a change to go back from",
  });
});

test("the log lists changes, newest first, by number and not by text; back as a command tells what it did", async () => {
  for (let at = 1; at <= 11; at++) await set({ alpha: 100 - at, bravo: at });
  const { stdout } = await world.run("log", ["--limit", "3"]);
  expect(stdout.split("\n").map((line) => line.split(/ {2,}/)[0])).toEqual([
    "generation",
    "11",
    "10",
    "9",
    "",
  ]);
  expect(stdout).toMatch(
    /\n11 {10}2\S+Z {2}set {5}ann@desk {2}alpha 89, bravo 11 {2}a test \(override: a test\)\n/,
  );
  const ended = await world.run("back", ["--no-wait"]);
  expect(ended).toMatchObject({ code: 0 });
  expect(ended.stdout).toMatch(/^development, generation 12 {2}before {2}now\nalpha {23}89 {6}90\n/);
  const json = JSON.parse((await world.run("log", ["--json"])).stdout) as { data: { records: unknown[] } };
  expect(json.data.records).toHaveLength(12);
});

test("an empty log says so", async () => {
  expect(await world.run("log", [])).toMatchObject({
    ...{ code: 0, stdout: "the dial of development was never changed\n" },
  });
});
