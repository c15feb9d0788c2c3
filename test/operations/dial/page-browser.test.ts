import { OperationFailure } from "../../../operations/failure";
import type { DialPage } from "../../../operations/dial/page/server";
import { type Browser, openPage, type Page, startChromium, violations } from "../../support/browser";
import { FakeDial } from "../../support/dial-page";
import { auditRecord, dialSnapshot, gatewayView, rampRecord, traffic } from "../../support/dial-snapshot";
import { waitUntil } from "../../support/process";

// The page in Chromium, over a dial that the tests make up.

jest.setTimeout(240_000);

let browser: Browser;
let dial: FakeDial;
let server: DialPage;

beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  dial = new FakeDial();
  server = await dial.start();
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  await server?.close();
});

const text = (page: Page, selector: string) => page.innerText(selector);
const reads = (page: Page, selector: string, wanted: string | RegExp) =>
  waitUntil(`${selector} is ${wanted}`, async () => expect(await text(page, selector)).toMatch(wanted), {
    timeoutMs: 60_000,
  });
/** Not a function: the tests' types know no browser. */
const inPage = <T>(page: Page, expression: string): Promise<T> => page.evaluate<T>(expression);
const open = (options = {}) => openPage(browser, server.url, options);

const lock = {
  run: "run-1",
  by: "anna@laptop",
  what: "ramp to bravo",
  at: new Date().toISOString(),
  session: "s",
};
const lagging = gatewayView(2, { generation: 6, follows: false, problem: "serves generation 6, not 7" });

test("one look says where traffic goes, whether all follow, and that all is well", async () => {
  const { page, complaints } = await open();
  await reads(page, "#headline", "75 % to alpha, 25 % to bravo. All 3 gateways follow.");
  expect(await text(page, "#level")).toContain("In order");
  expect(await page.title()).toBe("✓ In order: dial of development");
  expect((await text(page, "#clusters")).replace(/\s+/g, " ")).toBe(
    "alpha self-managed, active 75 % 75.0 % 0 % 84 ms 12 ms 750 /s 6 " +
      "bravo eks, passive 25 % 25.0 % 0 % 84 ms 12 ms 250 /s 4",
  );
  expect((await text(page, "#gateway-rows")).replace(/\s+/g, " ")).toContain(
    "gateway-1 10.10.0.11 ✓ generation 7 alpha 75, bravo 25",
  );
  expect((await text(page, "#log-rows")).replace(/\s+/g, " ")).toMatch(
    /^7 \S+ set alpha 95 → 75, bravo 5 → 25 anna@laptop more for bravo 6 /,
  );
  expect(complaints).toEqual([]);
});

test("a gateway that lags turns the page red", async () => {
  dial.snapshot = dialSnapshot({ gateways: [gatewayView(1), lagging] });
  const { page } = await open();
  await reads(page, "#headline", "1 of 2 gateways follow");
  expect(await text(page, "#findings")).toBe(
    "Gateway gateway-2 does not follow: serves generation 6, not 7.",
  );
  expect(await page.title()).toContain("✕ Wrong");
  expect(await text(page, "#gateway-rows")).toContain("✕ generation 6");
});

test("the token leaves the address bar, and a reload needs no other", async () => {
  const { page } = await open();
  await reads(page, "#link", "Live");
  expect(page.url()).toBe(`http://127.0.0.1:${server.port}/`);
  expect(await inPage(page, "history.length")).toBe(2);
  const drawn = 'document.querySelector("#chart-share path:not(.weight)")?.getAttribute("d") ?? ""';
  const points = async () => (await inPage<string>(page, drawn)).split(/[ML]/).length;
  await waitUntil("there is a history", async () => expect(await points()).toBeGreaterThan(5), {
    timeoutMs: 60_000,
  });
  await page.reload();
  await reads(page, "#link", "Live");
  // What the server has kept, and not what came since.
  await waitUntil("the history is back", async () => expect(await points()).toBeGreaterThan(5));
});

test("a page without the token, or with an old one, shows nothing and says why", async () => {
  const { page } = await openPage(browser, `http://127.0.0.1:${server.port}/#${"A".repeat(43)}`);
  await reads(page, "#headline", "This page's token is missing, or is of a run that has ended.");
  expect(await text(page, "#clusters")).toBe("");
  await page.goto(server.url);
  await reads(page, "#link", "Live");
});

test("what somebody writes into the log stays text", async () => {
  const evil = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
  dial.snapshot = dialSnapshot({
    log: [auditRecord({ why: evil, by: evil, override: evil })],
    gateways: [gatewayView(1, { name: evil, follows: false, problem: evil })],
    ramp: rampRecord({ why: evil, reason: evil, by: evil }),
    lock: { ...lock, by: evil, what: evil },
    problem: evil,
  });
  const { page, complaints } = await open();
  await reads(page, "#log-rows", /<img src=x onerror=/);
  expect(await inPage(page, 'document.querySelectorAll("img, body script").length')).toBe(0);
  expect(await page.title()).not.toBe("owned");
  // Trusted types would have told of an attempt.
  expect(complaints).toEqual([]);
});

test("even a mistake of ours could make no HTML of a text", async () => {
  const { page } = await open();
  await reads(page, "#link", "Live");
  const thrown = await inPage(
    page,
    '(() => { try { document.body.innerHTML = "<p>"; return "nothing"; } catch (error) { return error.name; } })()',
  );
  expect(thrown).toBe("TypeError");
});

test.each(["light", "dark"] as const)("axe finds nothing in %s mode", async (colorScheme) => {
  const { page } = await open({ colorScheme });
  await reads(page, "#level", "In order");
  await page.click("summary");
  expect(await violations(page)).toEqual([]);
  const clusters = { alpha: traffic(900, 0.9, 0.02), bravo: traffic(100, 0.1, 0.3) };
  dial.snapshot = dialSnapshot({
    ...{ ramp: rampRecord(), lock, gateways: [gatewayView(1), lagging], problem: "it is no JSON" },
    live: { seconds: 10, unread: [], clusters },
  });
  await reads(page, "#level", "Wrong");
  expect(await violations(page)).toEqual([]);
  dial.snapshot = new OperationFailure("unreachable", "no Consul");
  await reads(page, "#headline", "The dial cannot be read");
  await page.click("#open-drain");
  await reads(page, "#preview", /./);
  expect(await violations(page)).toEqual([]);
});

test.each([
  ["320 pixels wide, which is 1280 at 400 %", { viewport: { width: 320, height: 640 } }],
  ["at 200 %", { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 }],
])("%s nothing is cut off", async (_, options) => {
  dial.snapshot = dialSnapshot({ ramp: rampRecord(), lock, gateways: [gatewayView(1), lagging] });
  const { page } = await open(options);
  await reads(page, "#headline", "75 %");
  const overflow = () =>
    inPage(page, "document.documentElement.scrollWidth - document.documentElement.clientWidth");
  expect(await overflow()).toBe(0);
  await page.click("#open-back");
  const box = await page.locator("#dialog").boundingBox();
  expect(box!.x).toBeGreaterThanOrEqual(0);
  expect(box!.x + box!.width).toBeLessThanOrEqual(options.viewport.width);
});

test("nothing moves for who does not want it", async () => {
  const { page } = await open({ reducedMotion: "reduce" });
  await reads(page, "#headline", "75 %");
  const duration = 'getComputedStyle(document.querySelector(".bar rect")).transitionDuration';
  expect(await inPage(page, duration)).toBe("0s");
  const { page: other } = await open();
  await reads(other, "#headline", "75 %");
  expect(await inPage(other, duration)).toBe("0.4s, 0.4s");
});

test("a step by the keyboard alone; updates take neither the focus nor what is typed", async () => {
  const { page, complaints } = await open();
  await reads(page, "#link", "Live");
  await page.keyboard.press("Tab");
  expect(await inPage(page, "document.activeElement?.className")).toBe("skip");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  expect(await inPage(page, "document.activeElement?.id")).toBe("open-step");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#dialog[open]");
  expect(await page.inputValue("#step-to")).toBe("bravo");
  await page.keyboard.press("Tab");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("50");
  for (let presses = 0; presses < 4; presses++) await page.keyboard.press("Tab");
  await page.keyboard.type("more ");
  dial.snapshot = dialSnapshot({ gateways: [gatewayView(1), lagging] });
  await reads(page, "#headline", "1 of 2");
  await page.keyboard.type("for bravo");
  expect(await page.inputValue("#why")).toBe("more for bravo");
  await reads(page, "#preview", /alpha 75 → 50, bravo 25 → 50/);
  expect(dial.called).toEqual([]);
  // A preview of what was there before the typing had ended says the same here.
  const wanted = { name: "step", to: "bravo", share: 50, generation: 7, dryRun: true };
  await waitUntil("what was typed is previewed", () =>
    Promise.resolve(expect(dial.previewed.at(-1)).toMatchObject(wanted)),
  );
  await page.keyboard.press("Enter");
  await reads(page, "#result", "Step: Generation 8 is written: alpha 50, bravo 50.");
  expect(dial.called).toMatchObject([
    { name: "step", to: "bravo", share: 50, generation: 7, why: "more for bravo" },
  ]);
  expect(await inPage(page, "document.activeElement?.id")).toBe("open-step");
  expect(complaints).toEqual([]);
});

test("what is read aloud is said once, and not at each update", async () => {
  const { page } = await open();
  await reads(page, "#link", "Live");
  await inPage(
    page,
    `globalThis.changes = 0;
     new MutationObserver((records) => (changes += records.length)).observe(
       document.querySelector("#verdict"), { childList: true, subtree: true, characterData: true })`,
  );
  const changes = () => inPage(page, "changes");
  dial.snapshot = dialSnapshot({
    live: { seconds: 10, unread: [], clusters: { alpha: traffic(740, 0.74), bravo: traffic(260, 0.26) } },
  });
  await reads(page, "#clusters", "74.0 %");
  expect(await changes()).toBe(0);
  dial.snapshot = dialSnapshot({ gateways: [gatewayView(1), lagging] });
  await reads(page, "#headline", "1 of 2");
  expect(await changes()).toBeGreaterThan(0);
});

test("without a reason, or without the name in production, nothing is asked for", async () => {
  const production = await dial.start({ environment: "production", confirms: true });
  const { page } = await openPage(browser, production.url);
  await reads(page, "#link", "Live");
  await page.click("#open-back");
  await page.click("#submit");
  await page.fill("#why", "errors");
  await page.click("#submit");
  expect(dial.called).toEqual([]);
  await page.fill("#confirm", "development");
  await page.click("#submit");
  await reads(page, "#refusal", "Nothing is done: production is to be confirmed by its name.");
  await page.fill("#confirm", "production");
  await page.click("#submit");
  await reads(page, "#result", "Back: Generation 8");
  expect(dial.called).toMatchObject([{ name: "back", why: "errors", generation: 7 }]);
  await production.close();
});

test("what the guards refuse is told before, and then how to pass them", async () => {
  const { page } = await open();
  await reads(page, "#link", "Live");
  await page.click("#open-step");
  await reads(page, "#preview", "bravo 25 → 50");
  expect(await page.isVisible("#override")).toBe(false);
  dial.outcome = new OperationFailure("refused", "bravo would rise by 75 points at once, and 50 are allowed");
  await page.fill("#step-share", "100");
  await reads(page, "#preview", "Bravo would rise by 75 points at once");
  await page.waitForSelector("#override", { state: "visible" });
  await page.fill("#override", "alpha burns");
  await page.fill("#why", "all to bravo");
  await page.click("#submit");
  await reads(page, "#refusal", "Bravo would rise by 75 points");
  expect(dial.called).toMatchObject([{ name: "step", share: 100, override: "alpha burns" }]);
});

test("who has the dialog open sees that somebody else has changed the dial", async () => {
  const { page } = await open();
  await reads(page, "#link", "Live");
  await page.click("#open-step");
  await reads(page, "#preview", "bravo 25 → 50");
  dial.outcome = new OperationFailure("conflict", "the dial has generation 8, and not 7");
  dial.snapshot = dialSnapshot({ desired: { ...dialSnapshot().desired!, generation: 8 } });
  await reads(page, "#preview", "The dial has generation 8, and not 7.");
});

test("a ramp is held and let go on, and makes the steps itself", async () => {
  dial.snapshot = dialSnapshot({ ramp: rampRecord(), lock });
  const { page } = await open();
  await page.waitForSelector("#ramp", { state: "visible" });
  expect((await text(page, "#steps")).split("\n").filter(Boolean)).toEqual([
    ...["✓ 1 %", "✓ 5 %", "25 %", "50 %", "100 %"],
  ]);
  expect(await text(page, "#ramp-phase")).toBe(
    "Holding, and measuring: inconclusive so far: 120 of 200 requests",
  );
  expect(await page.getAttribute("#open-step", "aria-disabled")).toBe("true");
  await page.click("#open-step", { force: true });
  expect(await page.isVisible("#dialog")).toBe(false);
  dial.outcome = { text: "The ramp goes on.", before: null, after: null, ends: [], problem: null };
  await page.click("#open-hold");
  await page.fill("#why", "a look");
  await page.click("#submit");
  await reads(page, "#result", "Hold the ramp:");
  dial.snapshot = dialSnapshot({ ramp: rampRecord({ phase: "paused" }), lock });
  await reads(page, "#open-hold", "Go on");
  await page.click("#open-hold");
  await page.fill("#why", "it is well");
  await page.click("#submit");
  await reads(page, "#result", "Go on with the ramp:");
  expect(dial.called).toMatchObject([
    { name: "hold", why: "a look" },
    { name: "resume", why: "it is well" },
  ]);
});

test("a change that is written and not followed is no success", async () => {
  dial.outcome = {
    ...{ text: "Generation 8 is written: bravo 100.", before: null, after: null, ends: [] },
    problem: "Not all gateways follow: gateway-2 serves generation 7, not 8.",
  };
  const { page } = await open();
  await reads(page, "#link", "Live");
  await page.click("#open-drain");
  await page.fill("#why", "it burns");
  await page.click("#submit");
  await reads(page, "#result", "Not all gateways follow: gateway-2");
  expect(await page.getAttribute("#result", "data-tone")).toBe("wrong");
  expect(dial.called).toMatchObject([{ name: "drain", cluster: "alpha", to: undefined, why: "it burns" }]);
});

test("without Consul the page says so, keeps what it saw, and goes on when Consul is back", async () => {
  const { page } = await open();
  await reads(page, "#clusters", "alpha");
  dial.snapshot = new OperationFailure("unreachable", "Consul at 127.0.0.1:8500 cannot be reached");
  await reads(page, "#headline", "The dial cannot be read. Gateways go on with the weights they have.");
  expect(await text(page, "#clusters")).toContain("alpha");
  expect(await inPage(page, "document.body.className")).toBe("stale");
  dial.snapshot = dialSnapshot();
  await reads(page, "#headline", "All 3 gateways follow.");
  expect(await inPage(page, "document.body.className")).toBe("");
});

test("when the command has ended, the page says that it is blind, and acts no more", async () => {
  const { page } = await open();
  await reads(page, "#link", "Live");
  await server.close();
  await reads(page, "#headline", "skyline dial watch does not answer");
  expect(await page.getAttribute("#open-drain", "aria-disabled")).toBe("true");
  expect(await text(page, "#about-drain")).toBe("Not connected.");
  server = await dial.start();
});
