/* eslint-disable @typescript-eslint/no-explicit-any -- Bundles are changed at any depth here. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import {
  bundleOf,
  MOST_BYTES,
  readBundle,
  showBundle,
  stackOf,
} from "../../../../operations/atlantis/bundle/format";
import { bundleSynthesized } from "../../../../operations/atlantis/bundle/publish";
import { canonical } from "../../../../operations/atlantis/code-check/document";
import { OperationFailure } from "../../../../operations/failure";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const stacks = {
  "development-network": { dependencies: [], code: "{}" },
  "development-mesh": { dependencies: ["development-network"], code: '{ "a": "é" }' },
};
const bundle = () => bundleOf(COMMIT, stacks);
const read = (text: string, commit = COMMIT) => readBundle(Buffer.from(text), commit, "the bundle");

function failureOf(work: () => unknown): { kind: string; message: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof OperationFailure) {
      return { kind: error.kind, message: error.message };
    }
    throw error;
  }
  throw new Error("it did not fail");
}

/** The bundle with one thing changed, written as it would be, with the digest that it had. */
function forged(change: (value: Record<string, never>) => unknown): string {
  const value = JSON.parse(showBundle(bundle()));
  change(value);
  return `${JSON.stringify(value)}\n`;
}

describe("a bundle", () => {
  test("reads back as it was written, and is the same bytes for the same stacks", () => {
    const text = showBundle(bundle());
    expect(read(text)).toEqual(bundle());
    const other = {
      "development-mesh": stacks["development-mesh"],
      "development-network": stacks["development-network"],
    };
    expect(showBundle(bundleOf(COMMIT, other))).toBe(text);
  });

  test("has a digest that goes by the commit, by every name, dependency and byte of code", () => {
    const { "development-network": network, "development-mesh": mesh } = stacks;
    const digests = [
      bundle(),
      bundleOf(COMMIT.replace("0", "1"), stacks),
      bundleOf(COMMIT, { "development-network": network }),
      bundleOf(COMMIT, { ...stacks, "development-network": { ...network, code: "{} " } }),
      bundleOf(COMMIT, { ...stacks, "development-mesh": { ...mesh, dependencies: [] } }),
      bundleOf(COMMIT, { "development-net": network, "development-mesh": { ...mesh, dependencies: [] } }),
    ].map(({ digest }) => digest);
    expect(new Set(digests).size).toBe(digests.length);
    digests.forEach((digest) => expect(digest).toMatch(/^[0-9a-f]{64}$/));
  });

  test("is read back whatever the code is", () => {
    const code = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,10}$/), code, { minKeys: 1 }), (codes) => {
        const made = bundleOf(
          COMMIT,
          Object.fromEntries(
            Object.entries(codes).map(([name, text]) => [name, { dependencies: [], code: text }]),
          ),
        );
        expect(read(showBundle(made))).toEqual(made);
      }),
    );
  });

  test.each([
    ["an abbreviated commit", "0123456"],
    ["upper case", COMMIT.toUpperCase()],
    ["a branch", "main"],
    ["a path", "../../etc/passwd"],
  ])("is not made of %s", (_what, commit) => {
    expect(failureOf(() => bundleOf(commit, stacks))).toMatchObject({
      kind: "invalid",
      message: expect.stringContaining("no full id of a commit"),
    });
  });

  test.each([
    ["no stacks", {}, "no stacks"],
    ["a name that goes up", { "../x": { dependencies: [], code: "" } }, "no name of a stack"],
    ["a name for a shell", { "a;b": { dependencies: [], code: "" } }, "no name of a stack"],
    ["a dependency that is not there", { a: { dependencies: ["b"], code: "" } }, 'depends on "b"'],
    ["a dependency on itself", { a: { dependencies: ["a"], code: "" } }, 'depends on "a"'],
  ])("is not made of %s", (_what, given, message) => {
    expect(failureOf(() => bundleOf(COMMIT, given))).toMatchObject({
      kind: "invalid",
      message: expect.stringContaining(message),
    });
  });

  test("is not written when it is too large", () => {
    const code = "x".repeat(MOST_BYTES);
    expect(failureOf(() => showBundle(bundleOf(COMMIT, { a: { dependencies: [], code } })))).toMatchObject({
      kind: "invalid",
      message: expect.stringContaining("bytes together"),
    });
  });

  test("tells of a stack that it does not have, also of one that every object has", () => {
    expect(stackOf(bundle(), "development-network").code).toBe("{}");
    for (const name of ["production-network", "constructor", "__proto__"]) {
      expect(failureOf(() => stackOf(bundle(), name)).kind).toBe("refused");
    }
  });
});

describe("what is refused", () => {
  test("a bundle of another commit", () => {
    const other = COMMIT.replace("0", "f");
    expect(failureOf(() => read(showBundle(bundle()), other))).toEqual({
      kind: "refused",
      message: `the bundle is of commit ${COMMIT}, and not of ${other}`,
    });
  });

  test.each([
    [
      "other code",
      (value: any) => (value.stacks["development-network"].code = "{ }"),
      "other code of development-network",
    ],
    [
      "other code with its own digest",
      (value: any) =>
        (value.stacks["development-network"] = bundleOf(COMMIT, {
          "development-network": { dependencies: [], code: "{ }" },
        }).stacks["development-network"]),
      "other stacks than its digest says",
    ],
    [
      "another commit written over it",
      (value: any) => (value.commit = COMMIT.replace("0", "f")),
      "is of commit f",
    ],
    [
      "other dependencies",
      (value: any) => (value.stacks["development-mesh"].dependencies = []),
      "other stacks",
    ],
    [
      "a stack less",
      (value: any) => delete value.stacks["development-mesh"],
      "other stacks than its digest says",
    ],
    ["another digest", (value: any) => (value.digest = "0".repeat(64)), "other stacks than its digest says"],
  ])("a changed bundle: %s", (_what, change, message) => {
    expect(failureOf(() => read(forged(change)))).toMatchObject({
      kind: "refused",
      message: expect.stringContaining(message),
    });
  });

  const text = showBundle(bundle());
  test.each([
    ["nothing", ""],
    ["half of it", text.slice(0, 200)],
    ["an array", "[]\n"],
    ["a byte order mark", `\ufeff${text}`],
    ["other white space", text.replace(",", ", ")],
    ["no end of line", text.trimEnd()],
    ["a key twice", text.replace('{"schemaVersion":1', '{"commit":"x","schemaVersion":1')],
    ["a stack twice", text.replace('"stacks":{', '"stacks":{"development-mesh":{},')],
    ["keys in another order", forged((value: any) => (value.commit = (delete value.commit, COMMIT)))],
    ["an escape where none is needed", text.replace('"commit"', '"\\u0063ommit"')],
    ["an unknown key", forged((value: any) => (value.lock = "x"))],
    ["a lock file in a stack", forged((value: any) => (value.stacks["development-mesh"].lock = "x"))],
    [
      "__proto__",
      text.replace('"stacks":{', '"stacks":{"__proto__":{"dependencies":[],"code":"","sha256":""},'),
    ],
    ["a version of tomorrow", forged((value: any) => (value.schemaVersion = 2))],
    ["a commit that is none", forged((value: any) => (value.commit = "main"))],
    ["code that is no text", forged((value: any) => (value.stacks["development-mesh"].code = {}))],
  ])("what is no bundle: %s", (_what, wrong) => {
    expect(failureOf(() => read(wrong))).toMatchObject({
      kind: "invalid",
      message: expect.stringMatching(/^the bundle is no bundle: /),
    });
  });

  test("stacks in another order, whose digest is the one of the right order", () => {
    const two = bundleOf(COMMIT, {
      ...stacks,
      "development-a": { dependencies: [...Object.keys(stacks)], code: "" },
    });
    const reversed = { ...two, stacks: Object.fromEntries(Object.entries(two.stacks).reverse()) };
    expect(failureOf(() => read(showBundle(reversed))).kind).toBe("invalid");
  });

  test("what is no UTF-8", () => {
    const bytes = Buffer.concat([Buffer.from(text), Buffer.from([0xff])]);
    expect(failureOf(() => readBundle(bytes, COMMIT, "the bundle")).kind).toBe("invalid");
  });

  test("more bytes than a bundle may have, unread", () => {
    expect(failureOf(() => readBundle(Buffer.alloc(MOST_BYTES + 1), COMMIT, "it"))).toMatchObject({
      kind: "invalid",
      message: expect.stringContaining("are the most"),
    });
  });
});

describe("what the app has written", () => {
  let folder: string;
  let output: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "skyline-bundle-"));
    output = join(folder, "cdktf.out");
    const entry = (name: string, dependencies: string[]) => ({
      name,
      workingDirectory: `stacks/${name}`,
      dependencies,
    });
    write("manifest.json", {
      version: "0.21.0",
      stacks: {
        "development-network": entry("development-network", []),
        "development-mesh": entry("development-mesh", ["development-network"]),
        tools: entry("tools", []),
      },
    });
    write("stacks/development-network/cdk.tf.json", codeOf("development-network"));
    write("stacks/development-mesh/cdk.tf.json", codeOf("development-mesh"));
    write("stacks/tools/cdk.tf.json", { output: {} });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const codeOf = (stack: string) => ({
    "//": { skyline: { environment: "development", stack, exemptions: [] } },
  });
  const write = (file: string, content: unknown) => {
    mkdirSync(dirname(join(output, file)), { recursive: true });
    writeFileSync(join(output, file), typeof content === "string" ? content : JSON.stringify(content));
  };
  const network = "stacks/development-network/cdk.tf.json";
  const failure = () => failureOf(() => bundleSynthesized(output, COMMIT));

  test("is bundled in the one way of writing it, but for stacks that are of no environment", () => {
    const { bundle: made, leftOut } = bundleSynthesized(output, COMMIT);
    expect(leftOut).toEqual(["tools"]);
    expect(Object.keys(made.stacks)).toEqual(["development-mesh", "development-network"]);
    expect(stackOf(made, "development-mesh")).toMatchObject({
      dependencies: ["development-network"],
      code: canonical(codeOf("development-mesh")),
    });
  });

  test("is not bundled when a stack depends on one that is of no environment", () => {
    write("stacks/development-network/cdk.tf.json", {});
    expect(failure()).toMatchObject({
      kind: "invalid",
      message: expect.stringContaining('"development-network"'),
    });
  });

  test.each([
    ["no manifest", () => rmSync(join(output, "manifest.json")), "is not there"],
    ["a manifest of another shape", () => write("manifest.json", []), "not written by this version"],
    ["no code", () => rmSync(join(output, network)), "is not there"],
    [
      "code that is too deep",
      () => write(network, `${"[".repeat(200_000)}${"]".repeat(200_000)}`),
      "too many levels",
    ],
    [
      "a pipe",
      () => (rmSync(join(output, network)), execFileSync("mkfifo", [join(output, network)])),
      "no regular file",
    ],
    [
      "a stack that goes up",
      () => write("manifest.json", { stacks: { "../../x": {} } }),
      "no name of a stack",
    ],
  ])("is not bundled: %s", (_what, change, message) => {
    change();
    expect(failure()).toMatchObject({ kind: "invalid", message: expect.stringContaining(message) });
  });

  test.each([network, "stacks/development-network", "stacks", "manifest.json"])(
    "is not bundled when %s is a link, and what it leads to is in no message",
    (path) => {
      const secret = join(folder, "elsewhere");
      mkdirSync(join(secret, "development-network"), { recursive: true });
      writeFileSync(join(secret, "cdk.tf.json"), "secret-7c41");
      writeFileSync(join(secret, "development-network", "cdk.tf.json"), "secret-7c41");
      rmSync(join(output, path), { recursive: true });
      symlinkSync(path.endsWith(".json") ? join(secret, "cdk.tf.json") : secret, join(output, path));
      const { kind, message } = failure();
      expect(kind).toBe("invalid");
      expect(message).toContain("a link");
      expect(message).not.toContain("secret-7c41");
    },
  );

  test("is not bundled when it is no JSON, and none of it is in the message", () => {
    write(network, "secret-7c41");
    expect(failure()).toEqual({ kind: "invalid", message: `${network} of ${output} is no JSON` });
  });
});
