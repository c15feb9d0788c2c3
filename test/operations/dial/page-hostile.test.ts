import { connect } from "node:net";
import { http, type HttpOptions } from "../../../operations/mesh/http";
import { OperationFailure } from "../../../operations/failure";
import type { DialPage } from "../../../operations/dial/page/server";
import { FakeDial } from "../../support/dial-page";
import { dialSnapshot } from "../../support/dial-snapshot";
import { waitUntil } from "../../support/process";

// The page's server as others would use it: programs and pages that are not ours.

jest.setTimeout(60_000);

let dial: FakeDial;
let page: DialPage;

beforeEach(async () => {
  dial = new FakeDial();
  page = await dial.start();
});
afterEach(() => page?.close());

const origin = () => `http://127.0.0.1:${page.port}`;
const HOLD = JSON.stringify({ why: "a look at the errors" });

/** What our own page sends, with these differences; undefined takes a header away. */
function post(path: string, body: string, change: Record<string, string | undefined> = {}) {
  const headers = {
    Host: `127.0.0.1:${page.port}`,
    Origin: origin(),
    Authorization: `Bearer ${page.token}`,
    "Content-Type": "application/json",
    ...change,
  };
  const left = Object.entries(headers).filter((one): one is [string, string] => one[1] !== undefined);
  return ask(path, { method: "POST", body, headers: Object.fromEntries(left) });
}

const ask = (path: string, options: HttpOptions = {}) => http(`${origin()}${path}`, options);
const reason = ({ body }: { body: string }) => (JSON.parse(body) as { message: string }).message;

test("our own page is let in", async () => {
  expect(await post("/api/actions/hold", HOLD)).toMatchObject({ status: 200 });
  expect(dial.called).toEqual([
    { name: "hold", by: "anna@laptop", why: "a look at the errors", dryRun: false },
  ]);
});

test("the token has 256 bits, is in the fragment alone, and another each time", async () => {
  expect(page.url).toBe(`${origin()}/#${page.token}`);
  expect(Buffer.from(page.token, "base64url")).toHaveLength(32);
  const other = await new FakeDial().start();
  expect(other.token).not.toBe(page.token);
  await other.close();
});

test.each([
  ["no token", undefined],
  ["an empty token", "Bearer "],
  ["another token", `Bearer ${"A".repeat(43)}`],
  ["another scheme", "Basic OnBhc3M="],
  ["a token of bytes that are no text", "Bearer \u00ff\u00fe"],
])("%s lets nobody in, to act or to look", async (_, Authorization) => {
  const answers = [
    await post("/api/actions/hold", HOLD, { Authorization }),
    await ask("/api/events", { headers: Authorization === undefined ? {} : { Authorization } }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([401, 401]);
  expect(dial.called).toEqual([]);
});

test("part of the token, or more than it, is not the token", async () => {
  for (const given of [page.token.slice(0, -1), `${page.token}A`, page.token.toLowerCase()]) {
    expect(await post("/api/actions/hold", HOLD, { Authorization: `Bearer ${given}` })).toMatchObject({
      status: 401,
    });
  }
});

test("the token is not taken from the address", async () => {
  const { status } = await ask(`/api/events?token=${page.token}`);
  expect(status).toBe(401);
});

test.each(["evil.example", "evil.example:PORT", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:PORT"])(
  "a page whose own name leads here (Host %p) gets nothing, with the token either",
  async (host) => {
    const Host = host.replace("PORT", String(page.port));
    const answers = [
      await post("/api/actions/hold", HOLD, { Host }),
      await ask("/", { headers: { Host } }),
      await ask("/api/events", { headers: { Host, Authorization: `Bearer ${page.token}` } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect(dial.called).toEqual([]);
  },
);

test("without a name there is nothing either", async () => {
  expect(await raw("GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1.1 403 /);
  expect(await raw("GET / HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
  expect(await raw("GET / HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1.1 403 /);
});

test("localhost is a name of ours, and then the origin too", async () => {
  const Host = `localhost:${page.port}`;
  expect(await post("/api/actions/hold", HOLD, { Host, Origin: `http://${Host}` })).toMatchObject({
    status: 200,
  });
  expect(await post("/api/actions/hold", HOLD, { Host })).toMatchObject({ status: 403 });
});

test.each([["https://evil.example"], ["null"], ["http://127.0.0.1"], [undefined]])(
  "what another page sends (Origin %p) is refused",
  async (Origin) => {
    expect(await post("/api/actions/hold", HOLD, { Origin })).toMatchObject({ status: 403 });
    expect(dial.called).toEqual([]);
  },
);

test("what a browser calls cross-site is refused", async () => {
  const headers = { Authorization: `Bearer ${page.token}`, "Sec-Fetch-Site": "cross-site" };
  expect(await ask("/api/events", { headers })).toMatchObject({ status: 403 });
});

test("no other page is told that it may ask", async () => {
  const headers = { Origin: "https://evil.example", "Access-Control-Request-Method": "POST" };
  const answer = await ask("/api/actions/hold", { method: "OPTIONS", headers });
  expect(answer.status).toBe(403);
  const ours = await ask("/api/actions/hold", {
    method: "OPTIONS",
    headers: { Origin: origin(), Authorization: `Bearer ${page.token}` },
  });
  expect(ours.status).toBe(405);
  for (const { headers: said } of [answer, ours]) {
    expect(Object.keys(said).filter((name) => name.startsWith("access-control"))).toEqual([]);
  }
});

test.each(["GET", "HEAD", "PUT", "DELETE", "PATCH"])("%s changes nothing", async (method) => {
  for (const name of ["step", "hold", "resume", "back", "drain"]) {
    const headers = { Authorization: `Bearer ${page.token}`, Origin: origin() };
    const { status, headers: said } = await ask(`/api/actions/${name}`, { method, headers });
    expect({ status, allow: said.allow }).toEqual({ status: 405, allow: "POST" });
  }
  expect(dial.called).toEqual([]);
});

test.each([
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  undefined,
  "text/json",
])("a body of %p is not read", async (type) => {
  expect(await post("/api/actions/hold", HOLD, { "Content-Type": type })).toMatchObject({ status: 415 });
  expect(dial.called).toEqual([]);
});

test.each([
  ["no JSON", "why=x", 400],
  ["nothing", "", 400],
  ["null", "null", 400],
  ["a list", "[]", 400],
  ["no reason", "{}", 400],
  ["an empty reason", `{"why":"  "}`, 400],
  ["a reason of several lines", `{"why":"a\\nb"}`, 400],
  ["a reason that turns the text around", `{"why":"a\\u202eb"}`, 400],
  ["a long reason", JSON.stringify({ why: "x".repeat(201) }), 400],
  ["more than is known", `{"why":"x","yes":true}`, 400],
  ["a reason that is no text", `{"why":{"a":1}}`, 400],
  ["another's name", `{"why":"x","by":"root"}`, 400],
  ["a prototype", `{"why":"x","__proto__":{"dryRun":true}}`, 400],
])("a body that is %s is refused", async (_, body, status) => {
  expect(await post("/api/actions/hold", body)).toMatchObject({ status });
  expect(dial.called).toEqual([]);
});

test.each([
  [{ share: 101 }, "share"],
  [{ share: 1.5 }, "share"],
  [{ share: "50" }, "share"],
  [{ generation: -1 }, "generation"],
  [{ to: "" }, "to"],
  [{ override: "a\nb" }, "override"],
])("a step of %j is refused", async (change, named) => {
  const whole = { to: "bravo", share: 50, generation: 7, why: "a test" };
  expect(await post("/api/actions/step", JSON.stringify(whole))).toMatchObject({ status: 200 });
  const answer = await post("/api/actions/step", JSON.stringify({ ...whole, ...change }));
  expect({ status: answer.status, message: reason(answer) }).toEqual({
    status: 400,
    message: expect.stringContaining(named),
  });
  expect(dial.called).toHaveLength(1);
});

test("a body that is too large is refused, whether its length is said or not", async () => {
  const large = JSON.stringify({ why: "x".repeat(20_000) });
  expect(await post("/api/actions/hold", large)).toMatchObject({
    status: 413,
    headers: { connection: "close" },
  });
  const answer = await raw(
    `POST /api/actions/hold HTTP/1.1\r\nHost: 127.0.0.1:${page.port}\r\nOrigin: ${origin()}\r\n` +
      `Authorization: Bearer ${page.token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n` +
      `5000\r\n${"x".repeat(0x5000)}\r\n`,
  );
  expect(answer).toMatch(/^HTTP\/1.1 413 /);
  expect(dial.called).toEqual([]);
});

test.each([
  "/../package.json",
  "/..%2fpackage.json",
  "/tsconfig.json",
  "/page.js?x=1",
  "//page.js",
  "/index.html",
  "/api",
  "http://evil.example/",
])("%s is no file of the page", async (path) => {
  const answer = await raw(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${page.port}\r\nConnection: close\r\n\r\n`,
  );
  expect(answer).toMatch(/^HTTP\/1.1 (401|404) /);
});

test("every answer forbids scripts of others, frames and caches", async () => {
  for (const path of ["/", "/page.js", "/page.css", "/nothing", "/api/events"]) {
    const { headers } = await ask(path);
    expect(headers).toMatchObject({
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
    });
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|data:|https?:/);
  }
  const { body } = await ask("/");
  expect(body).not.toMatch(/<script>|\son\w+=|style=|javascript:/);
});

test("it listens on loopback alone", async () => {
  // 127.0.0.2 is loopback as well, and not the address that it has.
  const refused = await new Promise<string>((resolve) => {
    connect(page.port, "127.0.0.2")
      .on("connect", () => resolve("connected"))
      .on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
  });
  expect(refused).toBe("ECONNREFUSED");
});

test("a production environment wants its name typed, whatever the page does", async () => {
  const production = await dial.start({ environment: "production", confirms: true });
  const send = (confirm?: string) =>
    http(`http://127.0.0.1:${production.port}/api/actions/hold`, {
      method: "POST",
      headers: {
        Origin: `http://127.0.0.1:${production.port}`,
        Authorization: `Bearer ${production.token}`,
        "Content-Type": "application/json",
      },
      body: JSON.stringify({ why: "a test", confirm }),
    });
  for (const confirm of [undefined, "", "development", "Production"]) {
    expect(await send(confirm)).toMatchObject({ status: 422 });
  }
  expect(dial.called).toEqual([]);
  expect(await send("production")).toMatchObject({ status: 200 });
  await production.close();
});

test.each([
  ["invalid", 400],
  ["conflict", 409],
  ["refused", 422],
  ["unreachable", 502],
  ["timeout", 504],
] as const)("an action that ends as %s says so", async (kind, status) => {
  dial.outcome = new OperationFailure(kind, "why it is so", "what to do");
  const answer = await post("/api/actions/hold", HOLD);
  expect({ status: answer.status, ...(JSON.parse(answer.body) as object) }).toEqual({
    ...{ status, ok: false, code: kind, message: "why it is so", hint: "what to do" },
  });
});

test("a bug in an action shows no stack", async () => {
  dial.outcome = new Error("it broke");
  const answer = await post("/api/actions/hold", HOLD);
  expect(answer.status).toBe(500);
  expect(answer.body).not.toMatch(/\bat .*\.[jt]s:\d+/);
});

test("an action that was begun is over before the server has ended", async () => {
  let finish: () => void = () => undefined;
  dial.until = new Promise<void>((resolve) => (finish = resolve));
  const answer = post("/api/actions/hold", HOLD).catch(() => undefined);
  await waitUntil("it has begun", async () => {
    if (dial.called.length === 0) throw new Error("not yet");
  });
  let closed = false;
  const closing = page.close().then(() => (closed = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(closed).toBe(false);
  finish();
  await Promise.all([closing, answer]);
  page = await dial.start();
});

test("an event is one line of JSON, whatever is in a record", async () => {
  dial.snapshot = dialSnapshot({ problem: 'a\n\nevent: state\ndata: {"verdict":1}\r\n\u2028' });
  const text = await raw(
    `GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${page.port}\r\nAuthorization: Bearer ${page.token}\r\n\r\n`,
    (said) => said.split("event: state").length > 3,
  );
  const lines = text.slice(text.indexOf("\r\n\r\n") + 4).split("\n");
  expect(lines.filter((line) => line.startsWith("data: ") && line.includes('"verdict":1'))).toEqual([]);
});

test("twenty pages may listen, and no more", async () => {
  const get = `GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${page.port}\r\nAuthorization: Bearer ${page.token}\r\n\r\n`;
  const open = Array.from({ length: 20 }, () => {
    const socket = connect(page.port, "127.0.0.1");
    socket.write(get);
    return socket;
  });
  await Promise.all(open.map((socket) => new Promise((resolve) => socket.once("data", resolve))));
  expect(await raw(get, (said) => said.includes("\r\n\r\n"))).toMatch(/^HTTP\/1.1 503 /);
  open.forEach((socket) => socket.destroy());
  await waitUntil("a place is free", async () => {
    expect(await raw(get, (said) => said.includes("\r\n\r\n"))).toMatch(/^HTTP\/1.1 200 /);
  });
});

test("a port that is taken is a conflict", async () => {
  await expect(dial.start({ port: page.port })).rejects.toMatchObject({ kind: "conflict" });
});

/** Sends bytes and gives what comes back, until the end or until there is enough. */
function raw(bytes: string, enough: (said: string) => boolean = () => false): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const socket = connect(page.port, "127.0.0.1", () => socket.write(bytes));
    socket.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (enough(said)) socket.destroy();
    });
    socket.on("error", reject).on("close", () => resolve(said));
  });
}
