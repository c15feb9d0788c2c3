import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { developmentFile } from "../environment/problems";
import { inside, projectWith, skyline, type Ended } from "./skyline";

const folders: string[] = [];
const project = (...names: string[]) => {
  const folder = projectWith(...names);
  folders.push(folder);
  return folder;
};
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

const documentOf = ({ stdout }: Ended) => JSON.parse(stdout) as Record<string, unknown>;

describe("skyline env validate", () => {
  test("of valid environments: all are named on stdout, nothing else is said", async () => {
    const ended = await skyline(["env", "validate"], project("complete", "development", "anchors"));
    expect(ended).toEqual({
      code: 0,
      stdout: "anchors: valid\ncomplete: valid\ndevelopment: valid\n",
      stderr: "",
    });
  });

  test.each([
    ["its name", ["complete"]],
    ["its path", [join("environments", "complete.yaml")]],
    ["its name in another folder", ["complete", "--directory", "./environments/"]],
  ])("of one environment by %s leaves the others alone", async (_, args) => {
    const ended = await skyline(["env", "validate", ...args], project("complete", "ten-mistakes"));
    expect(ended).toEqual({ code: 0, stdout: "complete: valid\n", stderr: "" });
  });

  test("names every problem on stderr by file, line and column, and ends with 2", async () => {
    const ended = await skyline(["env", "validate"], project("complete", "ten-mistakes"));
    expect(ended.code).toBe(2);
    expect(ended.stdout).toBe("complete: valid\nten-mistakes: 10 problems\n");
    const lines = ended.stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(10);
    lines.forEach((line) => expect(line).toMatch(/^environments\/ten-mistakes\.yaml:\d+:\d+ {2}\S/));
    expect(lines[0]).toMatch(
      /^environments\/ten-mistakes\.yaml:3:10 {2}account: 111111111111 is no AWS account/,
    );
  });

  test("with --json gives one document, of a failure too", async () => {
    const folder = project("complete");
    writeFileSync(join(folder, "environments", "empty.yaml"), "");
    const ended = await skyline(["env", "validate", "--json"], folder);
    expect(ended.code).toBe(2);
    expect(documentOf(ended)).toEqual({
      schemaVersion: 1,
      ok: false,
      exitCode: 2,
      errors: [
        {
          code: "invalid-environment",
          message: "has no environment in it; start it like environment: development",
          hint: null,
          object: "environments/empty.yaml:1:1",
        },
      ],
      data: [
        { name: "complete", file: "environments/complete.yaml", valid: true },
        { name: "empty", file: "environments/empty.yaml", valid: false },
      ],
    });
    expect(ended.stderr).toBe(
      "environments/empty.yaml:1:1  has no environment in it; start it like environment: development\n",
    );
  });

  test.each([
    ["a name that is nearly one", ["devlopment"], "did you mean development?"],
    ["a name that is none", ["paris"], "name one of complete, development"],
  ])("refuses %s and says what would be right", async (_, [name], hint) => {
    const folder = join(project("complete", "development"), "environments");
    expect(await inside("env", "validate", name!, "--directory", folder)).toEqual({
      code: 2,
      stdout: "",
      stderr: `error: no environment "${name}" in ${folder}\nhint: ${hint}\n`,
    });
  });

  test.each([
    ["a path with no file", ["none.yaml"], "none.yaml  there is no such file"],
    [
      "a folder that is missing",
      ["--directory", "/none"],
      "/none  there is no such folder; name the one that holds the environment files",
    ],
  ])("refuses %s", async (_, args, stderr) => {
    expect(await inside("env", "validate", ...args)).toMatchObject({ code: 2, stderr: `${stderr}\n` });
  });

  test("refuses a folder without environments", async () => {
    const folder = project();
    expect(await inside("env", "validate", "--directory", folder)).toEqual({
      code: 2,
      stdout: "",
      stderr: `error: no environment in ${folder}\nhint: describe one in ${join(folder, "NAME.yaml")}\n`,
    });
  });
});

test("skyline env validate refuses an environment that cannot be built, with the line of each reason", async () => {
  const ended = await skyline(["env", "validate"], project("cannot-be-built"));
  expect(ended.code).toBe(2);
  expect(
    [...ended.stderr.matchAll(/cannot-be-built\.yaml:(\d+:\d+) {2}([^:]+): /g)].map(([, at, path]) => [
      at,
      path,
    ]),
  ).toEqual([
    ["10:9", "network.cidr"],
    ["11:10", "network.zones"],
    ["12:16", "network.endpointDns"],
    ["15:63", "mesh.gateways.image"],
    ["19:11", "clusters.alpha.role"],
    ["22:14", "clusters.alpha.podCidr"],
    ["22:14", "clusters.alpha.podCidr"],
    ["23:22", "clusters.alpha.etcd.members"],
    ["26:83", "clusters.alpha.workers.general.image"],
  ]);
});

describe("skyline env list", () => {
  test("is a table with a line for each cluster", async () => {
    const ended = await skyline(["env", "list"], project("complete", "development"));
    expect(ended).toEqual({
      code: 0,
      stdout: [
        "ENVIRONMENT  REGION     CLUSTER  KIND          ROLE     KUBERNETES",
        "complete     us-east-1  alpha    self-managed  active   1.35.4",
        "complete     us-east-1  bravo    eks           passive  1.35",
        "development  us-east-1  alpha    self-managed  active   1.35.4",
        "development  us-east-1  bravo    eks           passive  1.35",
        "",
      ].join("\n"),
      stderr: "",
    });
  });

  test("with --json has the same as data", async () => {
    const ended = await skyline(["env", "list", "--json"], project("complete"));
    expect(documentOf(ended)).toEqual({
      schemaVersion: 1,
      ok: true,
      exitCode: 0,
      errors: [],
      data: [
        {
          environment: "complete",
          region: "us-east-1",
          clusters: [
            { name: "alpha", kind: "self-managed", role: "active", kubernetes: "1.35.4" },
            { name: "bravo", kind: "eks", role: "passive", kubernetes: "1.35" },
          ],
        },
      ],
    });
    expect(ended.stderr).toBe("");
  });

  test("shows what can be read, names the problems of the rest, and ends with 2", async () => {
    const ended = await skyline(["env", "list"], project("development", "ten-mistakes"));
    expect(ended.code).toBe(2);
    expect(ended.stdout).toContain("development  us-east-1  bravo");
    expect(ended.stdout).not.toContain("ten-mistakes");
    expect(ended.stderr.trimEnd().split("\n")).toHaveLength(10);
  });
});

test("skyline env schema prints what is committed as environments/schema.json", async () => {
  const ended = await skyline(["env", "schema"]);
  const committed = readFileSync(join(dirname(developmentFile), "schema.json"), "utf8");
  expect(ended).toEqual({ code: 0, stdout: committed, stderr: "" });
});
