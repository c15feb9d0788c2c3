import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunningCli } from "../../support/cli";
import { type Browser, openPage, type Page, startChromium } from "../../support/browser";
import { DialWorld } from "../../support/dial-world";
import { waitUntil } from "../../support/process";

// `skyline dial watch` as a process, a real Consul, and Chromium: what the buttons do is in Consul afterwards.

jest.setTimeout(300_000);

let world: DialWorld;
let browser: Browser;
let watch: RunningCli;
let page: Page;

beforeAll(async () => {
  [world, browser] = await Promise.all([DialWorld.start(), startChromium()]);
});
beforeEach(async () => {
  await world.reset();
  // Without a dial a gateway serves what its node file says.
  const initial = { generation: 0, weights: { alpha: 100 }, by: "", why: "", at: "" };
  const follow = async () => (await world.dial()) ?? initial;
  await world.startGateways(follow, follow);
  watch = world.start("watch", ["--by", "anna@laptop"]);
  ({ page } = await openPage(browser, await address(watch)));
  await reads("#link", "Live");
});
afterEach(async () => {
  await page.context().close();
  watch.child.kill("SIGTERM");
  await watch.ended;
});
afterAll(async () => {
  await browser?.close();
  await world?.stop();
});

const address = ({ stderr }: RunningCli) =>
  waitUntil(
    "it serves",
    async () => {
      const [found] = /http:\/\/127\.0\.0\.1:\d+\/#\S+/.exec(stderr()) ?? [];
      if (found === undefined) throw new Error(stderr());
      return found;
    },
    { timeoutMs: 60_000 },
  );

const reads = (selector: string, wanted: string | RegExp) =>
  waitUntil(`${selector} is ${wanted}`, async () => expect(await page.innerText(selector)).toMatch(wanted), {
    timeoutMs: 60_000,
  });

/** Opens an action's dialog, does what is to be chosen there, and sends it. */
async function act(name: string, why: string, choose: () => Promise<unknown> = () => Promise.resolve()) {
  await page.click(`#open-${name}`);
  await page.waitForSelector("#dialog[open]");
  await choose();
  await page.fill("#why", why);
  await page.click("#submit");
}

const share = (cluster: string, points: number) => async () => {
  await page.selectOption("#step-to", cluster);
  await page.fill("#step-share", String(points));
};
const actions = async () =>
  (await world.audit()).map(({ action, weights, by, why }) => [action, weights, by, why]);

test("a step is written with its reason once the guards let it, and back and drain go by their own", async () => {
  await reads("#headline", "All traffic goes to alpha. All 2 gateways follow.");
  await act("step", "too much", share("bravo", 80));
  await reads("#refusal", "Bravo would rise by 80 points at once, and 50 are allowed");
  expect(await world.dial()).toBeUndefined();
  await page.fill("#step-share", "25");
  await page.fill("#why", "first traffic");
  await page.click("#submit");
  await reads("#result", "Step: Generation 1 is written: alpha 75, bravo 25.");
  await reads("#headline", "75 % to alpha, 25 % to bravo. All 2 gateways follow.");

  // Too early for another one, however slow this machine is, but for who knows why.
  await world.write("dial", { ...(await world.dial()), at: new Date(Date.now() + 3_600_000).toISOString() });
  await act("step", "more", share("bravo", 30));
  await reads("#refusal", /and is to stand for 60 s/);
  await page.fill("#override", "a test of it");
  await page.click("#submit");
  await reads("#result", "Generation 2 is written: alpha 70, bravo 30.");
  expect((await world.audit()).at(-1)).toMatchObject({ override: "a test of it" });

  await reads("#generation", "generation 2");
  await act("back", "errors");
  await reads("#result", "Back: Generation 3 is written: alpha 75, bravo 25.");
  await act("drain", "alpha burns", () => page.selectOption("#drain-cluster", "alpha"));
  await reads("#result", "Drain a cluster: Generation 4 is written: bravo 100.");
  await reads("#log-rows", "alpha burns");

  expect(await actions()).toEqual([
    ["set", { alpha: 75, bravo: 25 }, "anna@laptop", "first traffic"],
    ["set", { alpha: 70, bravo: 30 }, "anna@laptop", "more"],
    ["back", { alpha: 75, bravo: 25 }, "anna@laptop", "errors"],
    ["drain", { bravo: 100 }, "anna@laptop", "alpha burns"],
  ]);
  expect(await world.text("lock")).toBeUndefined();
});

test("a dial that somebody else has changed since is not written over", async () => {
  await reads("#headline", "All traffic goes to alpha");
  await page.click("#open-step");
  await share("bravo", 25)();
  await reads("#preview", "alpha 100 → 75, bravo 0 → 25");
  expect(await world.run("set", ["alpha=90", "charlie=10", "--why", "quicker", "--no-wait"])).toMatchObject({
    code: 0,
  });
  await reads("#preview", "The dial has generation 1");
  await page.fill("#why", "too late");
  await page.click("#submit");
  await reads("#refusal", "The dial has generation 1");
  expect((await world.dial())?.weights).toEqual({ alpha: 90, charlie: 10 });
});

test("a ramp of the CLI is seen, held, let go on, and ended by back", async () => {
  const args = ["--to", "bravo", "--steps", "10,50", "--hold", "10m", "--why", "promotion"];
  const ramp = world.start("ramp", args);
  await reads("#ramp-title", "Ramp to bravo");
  await reads("#steps li[aria-current]", "10 %");
  await reads("#lock", "ramp to bravo");
  await act("hold", "a look");
  await reads("#result", "Hold the ramp:");
  await reads("#ramp-phase", "Held by a person");
  await reads("#ramp-phase", "a look");
  expect(JSON.parse((await world.text("ramp"))!)).toMatchObject({ phase: "paused", at: 0 });
  await act("hold", "all is well");
  await reads("#ramp-phase", "Holding, and measuring");
  await act("back", "not today");
  await reads("#result", /Back: Generation 2 is written: alpha 100/);
  expect(await ramp.ended).toMatchObject({ code: 5 });
  await page.waitForSelector("#ramp", { state: "hidden" });
  expect(await world.text("ramp")).toBeUndefined();
});

test("a gateway that does not follow is named, beside what was written", async () => {
  await world.reset();
  await world.startGateways(
    () => world.dial(),
    () => Promise.resolve(undefined),
  );
  await act("step", "a test", share("bravo", 25));
  await reads("#headline", "75 % to alpha, 25 % to bravo. 1 of 2 gateways follow.");
  await reads("#findings", "Gateway gateway-2 does not follow: serves generation 0, not 1.");
  expect(await page.innerText("#submit")).toBe("Waiting for the gateways …");
});

test("Ctrl-C ends it, and the dial stays", async () => {
  watch.child.kill("SIGINT");
  expect(await watch.ended).toMatchObject({ code: 130, stdout: "" });
  await reads("#headline", "skyline dial watch does not answer");
});

test("--open gives the browser a file of its owner alone, and no token among its arguments", async () => {
  const folder = mkdtempSync(join(tmpdir(), "skyline-browser-"));
  const browserCommand = join(folder, "browser");
  const script = `#!/bin/sh\nf=\${1#file://}; { echo "$1"; stat -c '%a %a' "$f"; cat "$f"; } > ${folder}/seen.part\nmv ${folder}/seen.part ${folder}/seen\n`;
  writeFileSync(browserCommand, script, { mode: 0o755 });
  const opened = world.start("watch", ["--open"], { BROWSER: browserCommand });
  const url = await address(opened);
  const seen = await waitUntil("the browser is started", async () =>
    readFileSync(join(folder, "seen"), "utf8"),
  );
  const [argument = "", mode, ...content] = seen.split("\n");
  expect(argument).toMatch(/^file:\/\/.*\.html$/);
  expect(mode).toBe("600 600");
  expect(content.join("\n")).toContain(`content="0; url=${url}"`);
  opened.child.kill("SIGTERM");
  expect(await opened.ended).toMatchObject({ code: 143 });
  expect(() => readFileSync(argument.replace("file://", ""))).toThrow(/ENOENT/);
  rmSync(folder, { recursive: true });
});

test("a browser that cannot be started is no end", async () => {
  const opened = world.start("watch", ["--open"], { BROWSER: "/nowhere/browser" });
  await waitUntil("it says so", async () =>
    expect(opened.stderr()).toMatch(/No browser: .*cannot be started/),
  );
  opened.child.kill("SIGTERM");
  await opened.ended;
});
