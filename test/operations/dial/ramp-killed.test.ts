import { waitUntil } from "../../support/process";
import { RampWorld } from "../../support/ramp-world";

jest.setTimeout(300_000);

let world: RampWorld;

beforeAll(async () => {
  world = await RampWorld.start();
  await world.reset();
});
afterAll(() => world?.stop());

test("a ramp that is killed at any point is consistent, frees the lock in 30 s, and is resumed or aborted", async () => {
  const killed = async (running: ReturnType<RampWorld["ramp"]>, at: RegExp, phase: string) => {
    await waitUntil(`it says ${at}`, async () => expect(running.stderr()).toMatch(at), {
      timeoutMs: 60_000,
    });
    running.child.kill("SIGKILL");
    await running.ended;
    const [dial, record, log] = [await world.dial.dial(), await world.record(), await world.dial.audit()];
    expect(record).toMatchObject({ generation: dial?.generation, phase });
    expect(log.at(-1)).toMatchObject({
      generation: dial?.generation,
      weights: dial?.weights,
      run: record?.run,
    });
  };
  await killed(world.ramp("--hold", "2s"), /step 1 of 3/, "following");
  await waitUntil("the lock is free", async () => expect(await world.dial.lockSession()).toBeUndefined());
  // A resumed one waits by itself until the lock of the one before is free.
  await killed(world.dial.start("resume", []), /all 2 gateways serve generation 2/, "holding");
  world.behaviours[1]!.follows = false;
  world.behave({ failing: { bravo: 0.9 } });
  await killed(world.dial.start("resume", []), /put back: /, "returning");
  world.behaviours[1]!.follows = true;
  expect(await world.dial.run("abort", [])).toMatchObject({ code: 0 });
  expect(await world.dial.dial()).toMatchObject({ weights: { alpha: 100 } });
  expect(await world.record()).toBeUndefined();
});
