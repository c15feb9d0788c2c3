import { readdirSync, readFileSync, readlinkSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jsonLines, removal } from "../support/mesh-catalogue";
import { type ApplyRun, ENVIRONMENT, MeshNode } from "../support/mesh-node";

// Files that are published in Consul, as files.ctmpl writes them, onto the disk of a node.

jest.setTimeout(120_000);

const PREFIX = `skyline/${ENVIRONMENT}/files/gateway/`;

let node: MeshNode;

beforeEach(async () => {
  node = await MeshNode.create();
});

afterEach(() => node.close());

const head = { format: 1, environment: ENVIRONMENT, role: "gateway" };
const entry = (key: string, value: string | Buffer = "x") => ({
  key,
  value: Buffer.from(value).toString("base64"),
});

const mirror = async (documents: string | readonly unknown[]): Promise<ApplyRun | undefined> => {
  node.stageFiles(typeof documents === "string" ? documents : jsonLines(documents));
  const { code, stderr } = await node.program("skyline-mirror");
  expect([code, stderr]).toEqual([0, ""]);
  return node
    .runs()
    .filter(({ result }) => result.startsWith("files-"))
    .at(-1);
};

const publish = (files: Readonly<Record<string, string | Buffer>>, override = "") =>
  mirror([
    head,
    ...Object.entries(files).map(([path, value]) => entry(`${PREFIX}${path}`, value)),
    { removal: override },
  ]);

const current = () => join(node.state, "files", "current");

test("a tree is laid out byte for byte, replaced as a whole, and a deleted file goes", async () => {
  const bytes = Buffer.from([0, 255, 10, 13, 128]);
  expect((await publish({ "a.txt": "one", "deep/er/b.bin": bytes }))?.result).toBe("files-applied");
  const before = readlinkSync(current());
  expect(readFileSync(join(current(), "deep/er/b.bin"))).toEqual(bytes);
  await publish({ "a.txt": "two" });
  expect(readlinkSync(current())).not.toBe(before);
  expect(readdirSync(current())).toEqual(["a.txt"]);
  expect(node.published("a.txt")).toBe("two");
  // The tree before is as it was: whoever reads it while the link moves reads one of the two.
  expect(readFileSync(join(node.state, "files", before, "a.txt"), "utf8")).toBe("one");
});

test("a tree that somebody has changed on disk is put right", async () => {
  await publish({ "a.txt": "one" });
  writeFileSync(join(current(), "a.txt"), "other");
  await publish({ "a.txt": "one" });
  expect(node.published("a.txt")).toBe("one");
});

test("given a published nginx.conf with places, then it is filled and used; without it the installed one is", async () => {
  node.writeSettings({ ...node.settings, places: { GREETING: "hello" } });
  await node.apply("--boot");
  await publish({ "nginx.conf": `# @@GREETING@@\n${node.nginxConf}` });
  expect(node.liveFile("nginx.conf")).toBe(`# hello\n${node.nginxConf}`);
  await publish({ "nginx.conf": `# @@NOBODY@@\n${node.nginxConf}` });
  expect(node.liveFile("nginx.conf")).toBe(`# hello\n${node.nginxConf}`);
  expect(node.remembered.last.findings.join("\n")).toMatch(
    /as published cannot be rendered.*nothing fills @@NOBODY@@/,
  );
  await publish({ other: "x" });
  expect(node.liveFile("nginx.conf")).toBe(node.nginxConf);
});

test("given a tree that is emptied, then it is held without an override", async () => {
  await publish({ "a.txt": "one" });
  expect((await publish({}))?.findings[0]).toMatch(/only an override for files\/gateway allows/);
  expect((await publish({}, removal(["files/gateway"], -1)))?.result).toBe("files-refused");
  expect((await publish({}, removal(["a.txt"])))?.result).toBe("files-refused");
  expect(node.published("a.txt")).toBe("one");
  expect(await publish({}, removal(["files/gateway"]))).toMatchObject({
    result: "files-applied",
    allowed: ["files/gateway"],
    override: { by: "somebody", why: "moved to Kubernetes" },
  });
  expect(readdirSync(current())).toEqual([]);
});

test("given any hostile file, then nothing of the tree is taken, and nothing is written anywhere else", async () => {
  await publish({ "good.txt": "good" });
  const outside = () => readdirSync(node.directory, { recursive: true }).map(String).sort();
  const before = outside();
  const hostile: [string, unknown][] = [
    ["up", entry(`${PREFIX}../escaped`)],
    ["up in the middle", entry(`${PREFIX}a/../../../escaped`)],
    ["up at the end", entry(`${PREFIX}a/..`)],
    ["here", entry(`${PREFIX}./a`)],
    ["absolute", entry(`${PREFIX}/tmp/escaped`)],
    ["absolute key", entry("/etc/passwd")],
    ["empty segment", entry(`${PREFIX}a//b`)],
    ["folder", entry(`${PREFIX}a/`)],
    ["no name", entry(PREFIX)],
    ["another role", entry(`skyline/${ENVIRONMENT}/files/mesos/a`)],
    ["another role with the same start", entry(`skyline/${ENVIRONMENT}/files/gateway2/a`)],
    ["NUL", entry(`${PREFIX}a\0b`)],
    ["line feed", entry(`${PREFIX}a\nb`)],
    ["escape", entry(`${PREFIX}a\u001bb`)],
    ["delete", entry(`${PREFIX}a\u007fb`)],
    ["right to left", entry(`${PREFIX}a\u202eb`)],
    ["half a surrogate", entry(`${PREFIX}a\ud800b`)],
    ["backslash", entry(`${PREFIX}..\\a`)],
    ["long segment", entry(`${PREFIX}${"a".repeat(256)}`)],
    ["long path", entry(`${PREFIX}${"aaaaaaa/".repeat(80)}a`)],
    ["large", entry(`${PREFIX}a`, Buffer.alloc(64 * 1024 + 1))],
    ["no base64", { key: `${PREFIX}a`, value: "%%%" }],
    ["number", { key: 1, value: "" }],
    ["list", []],
    ["nothing", {}],
    ["twice", entry(`${PREFIX}good.txt`)],
    ["file and folder", entry(`${PREFIX}good.txt/below`)],
  ];
  for (const [what, document] of hostile) {
    const run = await mirror([head, entry(`${PREFIX}good.txt`, "bad"), document, { removal: "" }]);
    expect([what, run?.result]).toEqual([what, "files-refused"]);
    expect(node.published("good.txt")).toBe("good");
  }
  expect(outside().filter((path) => path !== "state/files/last.json")).toEqual(
    before.filter((path) => path !== "state/files/last.json"),
  );
});

test("given a document that is not whole, then it is refused", async () => {
  await publish({ "good.txt": "good" });
  const whole = jsonLines([head, entry(`${PREFIX}good.txt`, "bad"), { removal: "" }]);
  for (const text of [
    whole.slice(0, -1),
    whole.slice(0, 100),
    whole.split("\n").slice(0, 2).join("\n") + "\n",
    whole.replace('"gateway"', '"mesos"'),
    whole.replace(`"${ENVIRONMENT}"`, '"production"'),
    "",
  ]) {
    expect((await mirror(text))?.result).toBe("files-refused");
    expect(node.published("good.txt")).toBe("good");
  }
});

test("a link in the place of a tree is not followed out of it", async () => {
  await publish({ "a.txt": "one" });
  const target = join(node.directory, "outside");
  writeFileSync(target, "untouched");
  unlinkSync(join(current(), "a.txt"));
  symlinkSync(target, join(current(), "a.txt"));
  await publish({ "a.txt": "two" });
  await publish({ "a.txt": "one" });
  expect(readFileSync(target, "utf8")).toBe("untouched");
  expect(node.published("a.txt")).toBe("one");
});
