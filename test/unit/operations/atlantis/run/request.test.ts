import { requestOf } from "../../../../../operations/atlantis/run/request";

const env = {
  PROJECT_NAME: "development-mesh",
  HEAD_COMMIT: "a".repeat(40),
  PLANFILE: "/clone/cdktf.out/stacks/development-mesh/development-mesh-default.tfplan",
  WORKSPACE: "default",
  COMMENT_ARGS: "",
};

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
  ["another workspace", { WORKSPACE: "other" }, "refused"],
  ["arguments of a comment", { COMMENT_ARGS: "\\-\\t\\a\\r\\g\\e\\t" }, "refused"],
])("%s is refused", (_, over, kind) => {
  expect(() => requestOf({ ...env, ...over })).toThrow(expect.objectContaining({ kind }));
});
