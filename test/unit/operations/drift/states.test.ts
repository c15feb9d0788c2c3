import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { folderStates } from "../../../../operations/drift/states/folder";
import { readState } from "../../../../operations/drift/states/state";

const SECRET = "s3cret-of-the-test";
const state = (more: object = {}) =>
  JSON.stringify({
    version: 4,
    outputs: { cluster_role: { value: "retiring", type: "string" } },
    resources: [
      { mode: "managed", instances: [{}, { attributes: { password: SECRET } }] },
      { mode: "managed", instances: [{}] },
      { mode: "data", instances: [{}] },
    ],
    ...more,
  });

describe("a state", () => {
  test("says how many objects it has, and with which role a cluster was applied", () => {
    expect(readState(state(), "x")).toEqual({ resources: 3, role: "retiring" });
  });

  test("that is not there is empty", () => {
    expect(readState("\n", "x")).toEqual({ resources: 0, role: null });
  });

  test.each([undefined, "removed", "constructor", { value: "active" }])("says no role by %j", (value) => {
    expect(readState(state({ outputs: { cluster_role: { value } } }), "x").role).toBeNull();
  });

  test.each([
    ["no JSON", `{"password": "${SECRET}"`],
    ["no object", JSON.stringify([SECRET])],
    ["another version", state({ version: 3 })],
  ])("is refused when it is %s, without its text", (_, text) => {
    const read = () => readState(text, "s3://states/x");
    expect(read).toThrow(
      expect.objectContaining({ kind: "refused", message: expect.stringContaining("s3://states/x") }),
    );
    expect(read).toThrow(expect.objectContaining({ message: expect.not.stringContaining(SECRET) }));
  });
});

describe("states in files", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "skyline-states-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test("are those of the environment, with their locks", async () => {
    const files = {
      "terraform.development-network.tfstate": state(),
      "terraform.development-network.tfstate.backup": "x",
      ".terraform.development-network.tfstate.lock.info": "{}",
      "terraform.production-network.tfstate": state(),
      "terraform.development-mesh.tfstate": "no state",
      "cdktf.json": "{}",
    };
    Object.entries(files).forEach(([name, text]) => writeFileSync(join(folder, name), text));
    const store = folderStates(folder, "development");
    const listed = await store.list();
    expect(listed).toEqual([
      {
        name: "development-mesh",
        where: join(folder, "terraform.development-mesh.tfstate"),
        isLocked: false,
      },
      {
        name: "development-network",
        where: join(folder, "terraform.development-network.tfstate"),
        isLocked: true,
      },
    ]);
    await expect(store.read(listed[0]!)).rejects.toMatchObject({ kind: "refused" });
    expect(await store.read(listed[1]!)).toEqual({ resources: 3, role: "retiring" });
  });

  test("that cannot be listed or read are refused", async () => {
    await expect(folderStates(join(folder, "none"), "development").list()).rejects.toMatchObject({
      kind: "refused",
    });
    mkdirSync(join(folder, "terraform.development-network.tfstate"));
    const store = folderStates(folder, "development");
    await expect(store.read((await store.list())[0]!)).rejects.toMatchObject({ kind: "refused" });
  });
});
