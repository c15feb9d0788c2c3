import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requestOf } from "../../../../../operations/atlantis/run/request";

let root: string;
let env: Record<"PROJECT_NAME" | "HEAD_COMMIT" | "PLANFILE", string> & NodeJS.ProcessEnv;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "skyline-request-"));
  const folder = join(root, "clone", "cdktf.out", "stacks", "development-mesh");
  mkdirSync(folder, { recursive: true });
  env = {
    PROJECT_NAME: "development-mesh",
    HEAD_COMMIT: "a".repeat(40),
    PLANFILE: join(folder, "development-mesh-default.tfplan"),
    REPO_REL_DIR: "cdktf.out/stacks/development-mesh",
    WORKSPACE: "default",
    COMMENT_ARGS: "",
  };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("Atlantis' variables say what is to be planned", () => {
  expect(requestOf(env)).toEqual({
    stack: env.PROJECT_NAME,
    commit: env.HEAD_COMMIT,
    planFile: env.PLANFILE,
  });
  expect(requestOf({ ...env, HEAD_COMMIT: "b".repeat(64), COMMENT_ARGS: undefined })).toMatchObject({
    commit: "b".repeat(64),
  });
});

test.each<[string, NodeJS.ProcessEnv, string]>([
  ["no project, as of plan -d", { PROJECT_NAME: "" }, "invalid"],
  ["a project that is no stack", { PROJECT_NAME: "../../etc" }, "invalid"],
  ["no variables at all", { PROJECT_NAME: undefined }, "invalid"],
  ["an abbreviated commit", { HEAD_COMMIT: "abc1234" }, "invalid"],
  ["no plan file", { PLANFILE: "" }, "invalid"],
  ["a plan file that moves with the folder", { PLANFILE: "a.tfplan" }, "invalid"],
  ["no folder", { REPO_REL_DIR: undefined }, "invalid"],
  ["another stack's folder", { REPO_REL_DIR: "cdktf.out/stacks/development-dns" }, "refused"],
  ["another stack's name", { PROJECT_NAME: "development-dns" }, "refused"],
  ["a folder written otherwise", { REPO_REL_DIR: "./cdktf.out/stacks/development-mesh" }, "refused"],
  ["a plan file elsewhere", { PLANFILE: "/cdktf.out/stacks/development-dns/a.tfplan" }, "refused"],
  [
    "a plan file of a folder that ends alike",
    { PLANFILE: "/clone/not-cdktf.out/stacks/development-mesh/a.tfplan" },
    "refused",
  ],
  [
    "a folder that is not there",
    { PLANFILE: "/clone/cdktf.out/stacks/development-mesh/a.tfplan" },
    "refused",
  ],
  ["another workspace", { WORKSPACE: "other" }, "refused"],
  ["arguments of a comment", { COMMENT_ARGS: "\\-\\t\\a\\r\\g\\e\\t" }, "refused"],
])("%s is refused", (_, over, kind) => {
  expect(() => requestOf({ ...env, ...over })).toThrow(expect.objectContaining({ kind }));
});

test.each(["not-cdktf.out/stacks/development-mesh", "cdktf.out/stacks/development-dns"])(
  "a plan file in %s, which is there, is refused",
  (folder) => {
    const there = join(root, "clone", folder);
    mkdirSync(there, { recursive: true });
    expect(() => requestOf({ ...env, PLANFILE: join(there, "a.tfplan") })).toThrow("PLANFILE is in");
  },
);

test.each(["cdktf.out", "cdktf.out/stacks", "cdktf.out/stacks/development-mesh"])(
  "a link in the place of %s is refused",
  (place) => {
    const path = join(root, "clone", place);
    renameSync(path, join(root, "elsewhere"));
    symlinkSync(join(root, "elsewhere"), path);
    expect(() => requestOf(env)).toThrow(expect.objectContaining({ kind: "refused" }));
  },
);

test("the server may have its data behind a link", () => {
  symlinkSync(root, join(root, "data"));
  const planFile = env.PLANFILE.replace(root, join(root, "data"));
  expect(requestOf({ ...env, PLANFILE: planFile })).toMatchObject({ planFile });
});
