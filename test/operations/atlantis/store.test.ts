import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { checkCurrent } from "../../../operations/atlantis/bundle/current";
import { fetchBundle } from "../../../operations/atlantis/bundle/fetch";
import { bundleOf, MOST_BYTES, showBundle } from "../../../operations/atlantis/bundle/format";
import { layOut } from "../../../operations/atlantis/bundle/lay-out";
import { publish } from "../../../operations/atlantis/bundle/publish";
import { storeAt } from "../../../operations/atlantis/bundle/store";
import { commitAll, git } from "../../support/git";
import { FakeStore } from "../../support/http-store";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const TOKEN = "token-that-nobody-may-see";
const stacks = {
  "development-network": { dependencies: [], code: '{\n  "a": 1\n}' },
  "development-mesh": { dependencies: ["development-network"], code: '{\n  "b": 1\n}' },
};
const bundle = bundleOf(COMMIT, stacks);
const other = bundleOf(COMMIT, { "development-network": { dependencies: [], code: "{}" } });

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "skyline-store-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const failing = (kind: string, message: string) =>
  expect.objectContaining({ name: "OperationFailure", kind, message: expect.stringContaining(message) });

describe("a folder", () => {
  const store = () => storeAt(folder);

  test("keeps a bundle under its commit, and gives it back, by path and by file URL", async () => {
    expect(await publish(store(), bundle)).toEqual({
      address: join(folder, `${COMMIT}.json`),
      written: true,
    });
    expect(readdirSync(folder)).toEqual([`${COMMIT}.json`]);
    expect(readFileSync(join(folder, `${COMMIT}.json`), "utf8")).toBe(showBundle(bundle));
    const byUrl = storeAt(pathToFileURL(folder).href);
    expect(await fetchBundle({ store: byUrl, commit: COMMIT })).toEqual(bundle);
  });

  test("takes the same bundle again, and never another of the same commit", async () => {
    await publish(store(), bundle);
    expect(await publish(store(), bundle)).toMatchObject({ written: false });
    await expect(publish(store(), other)).rejects.toEqual(failing("conflict", "is there already"));
    expect(await fetchBundle({ store: store(), commit: COMMIT })).toEqual(bundle);
    expect(readdirSync(folder)).toEqual([`${COMMIT}.json`]);
  });

  test("has one bundle whole when many write at the same time", async () => {
    const bundles = Array.from({ length: 20 }, (_, index) =>
      bundleOf(COMMIT, { a: { dependencies: [], code: `${index % 2}`.repeat(200_000) } }),
    );
    const ends = await Promise.allSettled(bundles.map((each) => publish(store(), each)));
    const written = ends.filter((end) => end.status === "fulfilled" && end.value.written);
    expect(written).toHaveLength(1);
    expect(ends.filter((end) => end.status === "rejected")).toHaveLength(10);
    const kept = await fetchBundle({ store: store(), commit: COMMIT });
    expect(bundles.map(({ digest }) => digest)).toContain(kept.digest);
    expect(readdirSync(folder)).toEqual([`${COMMIT}.json`]);
  });

  test("that is not there is no commit without a bundle", async () => {
    const absent = storeAt(join(folder, "absent"));
    await expect(fetchBundle({ store: absent, commit: COMMIT, waitMs: 600_000 })).rejects.toEqual(
      failing("unreachable", "is no folder"),
    );
    await expect(publish(absent, bundle)).rejects.toEqual(failing("unreachable", "is no folder"));
  });

  test("follows no link, and reads no folder and no file that is too large", async () => {
    const file = join(folder, `${COMMIT}.json`);
    const secret = join(folder, "secret");
    writeFileSync(secret, showBundle(bundle));
    symlinkSync(secret, file);
    await expect(fetchBundle({ store: store(), commit: COMMIT })).rejects.toEqual(
      failing("invalid", "no regular file"),
    );
    rmSync(file);
    mkdirSync(file);
    await expect(fetchBundle({ store: store(), commit: COMMIT })).rejects.toEqual(
      failing("invalid", "no regular file"),
    );
    rmSync(file, { recursive: true });
    writeFileSync(file, Buffer.alloc(MOST_BYTES + 1));
    await expect(fetchBundle({ store: store(), commit: COMMIT })).rejects.toEqual(
      failing("invalid", "are the most"),
    );
  });

  test("that has another commit's bundle under this one's name is seen through", async () => {
    const wrong = COMMIT.replace("0", "f");
    writeFileSync(join(folder, `${wrong}.json`), showBundle(bundle));
    await expect(fetchBundle({ store: store(), commit: wrong })).rejects.toEqual(
      failing("refused", `is of commit ${COMMIT}`),
    );
  });
});

describe("a server", () => {
  let server: FakeStore;
  let stranger: FakeStore;
  let environment: NodeJS.ProcessEnv;
  const path = `/skyline/${COMMIT}.json`;
  const store = () => storeAt(server.url, environment);

  beforeEach(async () => {
    server = await FakeStore.start();
    stranger = await FakeStore.start();
    writeFileSync(join(folder, "token"), `${TOKEN}\n`);
    environment = { SKYLINE_STORE_TOKEN_FILE: join(folder, "token") };
  });
  afterEach(async () => {
    await server.stop();
    await stranger.stop();
  });

  test("keeps a bundle that is written once, with the token of the file", async () => {
    expect(await publish(store(), bundle)).toEqual({
      address: `${server.url}/${COMMIT}.json`,
      written: true,
    });
    expect(server.files.get(path)?.toString()).toBe(showBundle(bundle));
    expect(await fetchBundle({ store: store(), commit: COMMIT })).toEqual(bundle);
    expect(
      server.asked.map(({ method, headers }) => [method, headers.authorization, headers["if-none-match"]]),
    ).toEqual([
      ["PUT", `Bearer ${TOKEN}`, "*"],
      ["GET", `Bearer ${TOKEN}`, undefined],
    ]);
  });

  test("takes the same bundle again, and never another of the same commit", async () => {
    await publish(store(), bundle);
    expect(await publish(store(), bundle)).toMatchObject({ written: false });
    await expect(publish(store(), other)).rejects.toEqual(failing("conflict", "is there already"));
    expect(server.files.get(path)?.toString()).toBe(showBundle(bundle));
  });

  test("is asked without a token when none is named", async () => {
    environment = {};
    await publish(store(), bundle);
    expect(server.asked[0]?.headers).not.toHaveProperty("authorization");
  });

  test.each([301, 302, 303, 307, 308])("that sends elsewhere with %d is not followed", async (status) => {
    stranger.files.set(path, Buffer.from(showBundle(bundle)));
    server.instead = (_request, response) =>
      response.writeHead(status, { location: `${stranger.url}/${COMMIT}.json` }).end();
    await expect(fetchBundle({ store: store(), commit: COMMIT })).rejects.toEqual(
      failing("refused", "redirected"),
    );
    await expect(publish(store(), bundle)).rejects.toEqual(failing("refused", "redirected"));
    expect(stranger.asked).toEqual([]);
  });

  test.each(["file:///etc/passwd", "http://127.0.0.1:1/x", "//stranger.example/x", "http://[", "data:,x"])(
    "that sends to %s is not followed",
    async (location) => {
      server.instead = (_request, response) => response.writeHead(302, { location }).end();
      await expect(fetchBundle({ store: store(), commit: COMMIT })).rejects.toEqual(
        failing("refused", "redirected"),
      );
    },
  );

  test("that sends to another path of its own is followed, and not for ever", async () => {
    server.files.set("/elsewhere", Buffer.from(showBundle(bundle)));
    server.instead = (request, response, body) =>
      request.url === "/elsewhere"
        ? server.answer(request, response, body)
        : response.writeHead(302, { location: "/elsewhere" }).end();
    expect(await fetchBundle({ store: store(), commit: COMMIT })).toEqual(bundle);
    server.instead = (_request, response) => response.writeHead(302, { location: path }).end();
    await expect(fetchBundle({ store: store(), commit: COMMIT })).rejects.toEqual(
      failing("unreachable", "again and again"),
    );
  });

  test("that sends without end is cut off", async () => {
    const chunk = Buffer.alloc(1024 * 1024, " ");
    let sent = 0;
    server.instead = (_request, response) => {
      response.writeHead(200);
      const more = () => {
        sent += chunk.length;
        response.write(chunk, (error) => (error ? undefined : more()));
      };
      more();
    };
    await expect(fetchBundle({ store: store(), commit: COMMIT })).rejects.toEqual(
      failing("invalid", "more than"),
    );
    expect(sent).toBeLessThan(4 * MOST_BYTES);
  });

  test.each([
    [401, "denied"],
    [403, "denied"],
    [500, "unreachable"],
    [503, "unreachable"],
    [204, "unreachable"],
  ])("that answers %d ends it as %s, and the token is in no message", async (status, kind) => {
    server.instead = (_request, response) => response.writeHead(status).end();
    const ended = await fetchBundle({ store: store(), commit: COMMIT }).catch((error: unknown) => error);
    expect(ended).toEqual(failing(kind, `GET ${server.url}/${COMMIT}.json: ${status}`));
    expect(JSON.stringify([ended, String(ended)])).not.toContain(TOKEN);
  });

  test("that is not there is unreachable", async () => {
    const { url } = server;
    await server.stop();
    const gone = storeAt(url, environment);
    await expect(fetchBundle({ store: gone, commit: COMMIT })).rejects.toEqual(
      failing("unreachable", "ECONNREFUSED"),
    );
    server = await FakeStore.start();
  });

  test("is asked again until the synth job has published, and the wait is told once", async () => {
    const told: string[] = [];
    server.instead = (request, response, body) => {
      if (server.asked.length === 3) {
        server.files.set(path, Buffer.from(showBundle(bundle)));
      }
      server.answer(request, response, body);
    };
    const options = { store: store(), commit: COMMIT, waitMs: 600_000, pollMs: 1 };
    expect(await fetchBundle({ ...options, report: (line) => told.push(line) })).toEqual(bundle);
    expect(server.asked).toHaveLength(3);
    expect(told).toEqual([`Waiting for the synth job to publish ${server.url}/${COMMIT}.json …`]);
  });

  test("without a bundle in time says what to look at; an interruption ends the wait", async () => {
    await expect(fetchBundle({ store: store(), commit: COMMIT })).rejects.toEqual(
      expect.objectContaining({ kind: "timeout", hint: expect.stringContaining("synth job") }),
    );
    const controller = new AbortController();
    const waiting = fetchBundle({
      ...{ store: store(), commit: COMMIT, waitMs: 600_000, signal: controller.signal },
      report: () => controller.abort(),
    });
    await expect(waiting).rejects.toEqual(failing("interrupted", ""));
  });

  test.each([
    ["of another host in the clear", "http://artefacts.example.internal/skyline"],
    ["with a password", "https://user:secret@artefacts.example.internal/skyline"],
    ["with a query", "https://artefacts.example.internal/skyline?a=b"],
    ["of another kind", "ftp://artefacts.example.internal/skyline"],
  ])("%s is no store", (_what, address) => {
    expect(() => storeAt(address, {})).toThrow(failing("invalid", "store"));
  });

  test.each([
    ["is not there", undefined],
    ["is empty", ""],
    ["has two lines", "a\nb"],
    ["is too large", "x".repeat(20_000)],
  ])("gets no token of a file that %s", (_what, text) => {
    const file = join(folder, "other-token");
    if (text !== undefined) writeFileSync(file, text);
    expect(() => storeAt(server.url, { SKYLINE_STORE_TOKEN_FILE: file })).toThrow(
      failing("invalid", "SKYLINE_STORE_TOKEN_FILE"),
    );
  });
});

describe("laying out into a clone", () => {
  let origin: string;
  let clone: string;

  beforeEach(() => {
    origin = join(folder, "origin");
    clone = join(folder, "clone");
    mkdirSync(origin);
    git(origin, "init", "--quiet", "--initial-branch=main");
    writeFileSync(join(origin, ".gitignore"), "cdktf.out/\n");
    commitAll(origin);
  });
  const cloned = () => git(folder, "clone", "--quiet", origin, clone);
  const code = (stack: string) => join(clone, "cdktf.out", "stacks", stack, "cdk.tf.json");

  test("makes the folders of the projects, with the very code", async () => {
    cloned();
    expect(await layOut(clone, bundle)).toEqual({
      written: ["development-mesh", "development-network"],
      unchanged: [],
      removed: [],
    });
    expect(readFileSync(code("development-network"), "utf8")).toBe(stacks["development-network"].code);
    expect(readdirSync(join(clone, "cdktf.out", "stacks", "development-network"))).toEqual(["cdk.tf.json"]);
    expect(git(clone, "status", "--porcelain")).toBe("");
  });

  test("again leaves what is there, with the plans of Atlantis beside it", async () => {
    cloned();
    await layOut(clone, bundle);
    const plan = join(clone, "cdktf.out", "stacks", "development-network", "default.tfplan");
    writeFileSync(plan, "plan");
    const before = lstatSync(code("development-network")).ino;
    expect(await layOut(clone, bundle)).toMatchObject({ written: [], removed: [] });
    expect(lstatSync(code("development-network")).ino).toBe(before);
    expect(readFileSync(plan, "utf8")).toBe("plan");
  });

  test("of another commit writes what is new, and removes what is gone with its plan", async () => {
    cloned();
    await layOut(clone, bundle);
    writeFileSync(join(clone, "cdktf.out", "stacks", "development-mesh", "default.tfplan"), "plan");
    expect(await layOut(clone, other)).toEqual({
      written: ["development-network"],
      unchanged: [],
      removed: ["development-mesh"],
    });
    expect(readdirSync(join(clone, "cdktf.out", "stacks"))).toEqual(["development-network"]);
    expect(readFileSync(code("development-network"), "utf8")).toBe("{}");
  });

  test.each([
    ["a lock file", "cdktf.out/stacks/development-network/.terraform.lock.hcl"],
    ["code", "cdktf.out/stacks/development-network/override.tf.json"],
    ["a file of another case", "CDKTF.OUT/x"],
    ["a file in the place of the folder", "cdktf.out"],
  ])("is refused when the commit itself brings %s", async (_what, file) => {
    mkdirSync(join(origin, file, ".."), { recursive: true });
    writeFileSync(join(origin, file), "x");
    git(origin, "add", "--force", file);
    commitAll(origin);
    cloned();
    await expect(layOut(clone, bundle)).rejects.toEqual(failing("refused", `the commit has "${file}"`));
    expect(existsSync(code("development-mesh"))).toBe(false);
  });

  test.each(["cdktf.out", "cdktf.out/stacks", "cdktf.out/stacks/development-network"])(
    "is refused when the commit brings a link in the place of %s",
    async (link) => {
      const target = join(folder, "target");
      mkdirSync(target);
      mkdirSync(join(origin, link, ".."), { recursive: true });
      symlinkSync(target, join(origin, link));
      git(origin, "add", "--force", link);
      commitAll(origin);
      cloned();
      await expect(layOut(clone, bundle)).rejects.toEqual(failing("refused", "the commit has"));
      expect(readdirSync(target)).toEqual([]);
    },
  );

  test.each([
    ["cdktf.out", "cdktf.out of the clone is no folder"],
    ["cdktf.out/stacks", "cdktf.out/stacks of the clone is no folder"],
    ["cdktf.out/stacks/development-network", "development-network of the clone is no folder"],
    ["cdktf.out/stacks/development-network/cdk.tf.json", "is no regular file"],
  ])("is refused when somebody has put a link at %s, also to nowhere", async (link, message) => {
    cloned();
    mkdirSync(join(clone, link, ".."), { recursive: true });
    for (const target of [join(folder, "nowhere"), origin]) {
      rmSync(join(clone, link), { force: true });
      symlinkSync(target, join(clone, link));
      await expect(layOut(clone, bundle)).rejects.toEqual(failing("refused", message));
    }
    expect(existsSync(join(folder, "nowhere"))).toBe(false);
    expect(existsSync(join(origin, "stacks"))).toBe(false);
  });

  test.each([
    ["a link to a file of the server", (file: string) => symlinkSync(join(folder, "secret"), file)],
    ["a link to nowhere", (file: string) => symlinkSync(join(folder, "nowhere"), file)],
    ["a file", (file: string) => writeFileSync(file, "x")],
    ["a folder", (file: string) => (mkdirSync(file), writeFileSync(join(file, "x"), "x"))],
  ])("is refused when the commit brings what Atlantis posts as status: %s", async (_what, make) => {
    writeFileSync(join(folder, "secret"), "secret");
    for (const [index, name] of ["OUTPUT_STATUS_FILE", "output_status_File"].entries()) {
      make(join(origin, name));
      git(origin, "add", name);
      commitAll(origin);
      clone = join(folder, `clone-${index}`);
      cloned();
      await expect(layOut(clone, bundle)).rejects.toEqual(failing("refused", "OUTPUT_STATUS_FILE"));
      expect(existsSync(join(clone, "cdktf.out"))).toBe(false);
      git(origin, "rm", "-r", "--quiet", name);
      commitAll(origin);
    }
  });

  test("is refused when somebody has put there what Atlantis posts as status", async () => {
    cloned();
    symlinkSync(join(folder, "nowhere"), join(clone, "OUTPUT_STATUS_FILE"));
    await expect(layOut(clone, bundle)).rejects.toEqual(failing("refused", "OUTPUT_STATUS_FILE"));
    rmSync(join(clone, "OUTPUT_STATUS_FILE"));
    mkdirSync(join(clone, "below"));
    writeFileSync(join(clone, "below", "OUTPUT_STATUS_FILE"), "x");
    expect(await layOut(clone, bundle)).toMatchObject({ removed: [] });
  });

  test("starts no program that the clone's settings name", async () => {
    cloned();
    const canary = join(folder, "ran");
    const program = join(folder, "program");
    writeFileSync(program, `#!/bin/sh\ntouch ${canary}\n`, { mode: 0o755 });
    git(clone, "config", "core.fsmonitor", program);
    await layOut(clone, bundle);
    expect(existsSync(canary)).toBe(false);
  });

  test("is for the root of a clone alone", async () => {
    await expect(layOut(join(folder, "nowhere"), bundle)).rejects.toEqual(
      failing("invalid", "is not the root"),
    );
    await expect(layOut(folder, bundle)).rejects.toEqual(failing("invalid", "is not the root"));
    cloned();
    mkdirSync(join(clone, "below"));
    await expect(layOut(join(clone, "below"), bundle)).rejects.toEqual(failing("invalid", "is not the root"));
  });

  describe("of a commit", () => {
    test("that has all of its base branch is current, and one that lacks a commit of it is not", async () => {
      git(origin, "checkout", "--quiet", "-b", "change");
      const head = commitAll(origin, "change");
      cloned();
      await checkCurrent(clone, head, "main");
      await checkCurrent(clone, head, "no-such-branch");
      git(origin, "checkout", "--quiet", "main");
      commitAll(origin, "somebody else's");
      git(clone, "fetch", "--quiet");
      await expect(checkCurrent(clone, head, "main")).rejects.toEqual(
        failing("refused", 'lacks commits of "main"'),
      );
      git(origin, "checkout", "--quiet", "change");
      git(origin, "merge", "--quiet", "main");
      git(clone, "fetch", "--quiet");
      await checkCurrent(clone, git(origin, "rev-parse", "HEAD"), "main");
    });

    test("that the clone does not have is refused", async () => {
      cloned();
      await expect(checkCurrent(clone, COMMIT, "main")).rejects.toEqual(failing("refused", "lacks commits"));
    });
  });
});
