import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import * as fc from "fast-check";
import { parse } from "yaml";
import { loadEnvironment } from "../../../../environment/load";
import { filesFrom } from "../../../../operations/atlantis/generate/files";
import {
  parseSettings,
  showSettings,
  type FirstSettings,
} from "../../../../operations/atlantis/generate/settings";
import { OperationFailure } from "../../../../operations/failure";
import {
  failureOf,
  FIRST,
  generateIn,
  projectsOf,
  repositories,
  writeSettings,
} from "../../../support/generated-repository";
import { seed } from "../../../support/property";
import { exampleStacks, type StackStandIn } from "../../../support/synthesized-app";

const repositoryWith = repositories();

describe("what cannot be generated from", () => {
  test("no settings: the options of the first time", () => {
    const repository = repositoryWith();
    expect(failureOf(() => generateIn(repository, { first: {} }))).toMatchObject({
      kind: "invalid",
      hint: expect.stringContaining("--repository github.com/example/platform"),
    });
  });

  test("an option that is not what the settings say", () => {
    const repository = repositoryWith();
    generateIn(repository);
    expect(
      failureOf(() => generateIn(repository, { first: { store: "https://other.example" } })).message,
    ).toContain("--store https://other.example is not what");
  });

  test.each([
    ["a second key", "repository: github.com/a/b\n", /:4:1 {2}repository: is there twice; line 2/],
    ["an unknown key", "branches: [main]\n", /:4:1 {2}branches: unknown key/],
    [
      "a provider without its host",
      "providers: { hashicorp/aws: 5.100.0 }\n",
      /:4:14 {2}providers\["hashicorp\/aws"\]/,
    ],
    ["a range of versions", 'providers: { a.example/b/c: ">= 5" }\n', /exact version/],
    ["a program as data source", "dataSources: [external]\n", /external runs a program/],
    ["a pattern of elsewhere", "code: [../other/**]\n", /pattern of files/],
    ["a folder for the shell", 'folder: "/etc/$(id)"\n', /folder of Atlantis' server/],
  ])("settings with %s", (_, more, expected) => {
    const repository = repositoryWith();
    writeSettings(repository, more);
    expect(failureOf(() => generateIn(repository, { first: {} })).message).toMatch(expected);
  });

  test("an environment whose states are local files", () => {
    const repository = repositoryWith();
    const file = join(repository, "environments/staging.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace(/^state:.*\n/m, ""));
    expect(failureOf(() => generateIn(repository)).message).toContain(
      "staging keeps its states in local files",
    );
    expect(existsSync(join(repository, "atlantis.yaml"))).toBe(false);
  });

  test("no synthesized stacks: how to synthesize", () => {
    const repository = repositoryWith();
    rmSync(join(repository, "cdktf.out"), { recursive: true });
    expect(failureOf(() => generateIn(repository))).toMatchObject({
      kind: "missing",
      hint: expect.stringContaining("npm run build && node dist/main.js"),
    });
  });

  test("stacks that are older than the environment files", () => {
    const { "development-mesh": _, ...others } = exampleStacks();
    expect(failureOf(() => generateIn(repositoryWith(others))).message).toContain(
      "it lacks development-mesh",
    );
  });

  test.each<[string, Record<string, StackStandIn>, RegExp]>([
    [
      "in a circle",
      {
        "development-a": { dependencies: ["development-b"] },
        "development-b": { dependencies: ["development-a"] },
      },
      /circle: development-a, development-b/,
    ],
    ["on what nobody plans", { "development-a": { dependencies: ["elsewhere"] } }, /depends on "elsewhere"/],
    [
      "of another name",
      { a: { metadata: { environment: "development", stack: "b" } } },
      /says that it is "b"/,
    ],
    ["of an unknown environment", { a: { metadata: { environment: "prod", stack: "a" } } }, /of "prod"/],
    ["in another folder", { a: { workingDirectory: "stacks/../../a" } }, /and not in stacks\/a/],
    ["with a hostile name", { "a; rm -rf ~": {} }, /"a; rm -rf ~" cannot be a stack's name/],
  ])("stacks %s", (_, stacks, expected) => {
    expect(failureOf(() => generateIn(repositoryWith({ ...exampleStacks(), ...stacks }))).message).toMatch(
      expected,
    );
  });

  test("a folder of environments outside of the repository", () => {
    const repository = repositoryWith();
    const directory = `../${basename(repository)}/environments`;
    expect(failureOf(() => generateIn(repository, { directory })).message).toContain(
      "is no folder of the repository",
    );
  });

  test("stacks that say nothing of an environment are left out, by name", () => {
    const repository = repositoryWith({ ...exampleStacks(), buckets: { metadata: null } });
    expect(generateIn(repository).leftOut).toEqual(["buckets"]);
    expect(projectsOf(repository).map(({ name }) => name)).not.toContain("buckets");
  });
});

test("whatever a person calls things, it is refused or stands in the files as itself", () => {
  const environments = [loadEnvironment("environments/development.yaml")];
  const stacks = [{ name: "development-network", environment: "development", dependencies: [] }];
  const hostile = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.stringMatching(/^[a-z:/.&;|$`'"\n{}#*!%@ -]{1,40}$/),
    fc.stringMatching(/^[a-z0-9._/-]{1,20}$/),
    fc.constantFrom(
      "true",
      "null",
      "0x10",
      "1e3",
      "a: b",
      "- a",
      "{{ .Log }}",
      "${x}",
      "$(id)",
      "constructor",
    ),
  );
  let accepted = 0;
  const check = (first: FirstSettings) => {
    let files: ReadonlyMap<string, string>;
    try {
      const settings = parseSettings(showSettings(first), "settings.yaml");
      files = filesFrom({ settings, environments, directory: "environments", stacks });
    } catch (error) {
      expect(error).toBeInstanceOf(OperationFailure);
      return;
    }
    accepted++;
    const { branch = "main", folder = "/etc/skyline" } = first;
    const text = files.get("atlantis/repos.yaml") ?? "";
    const server = parse(text) as { repos: { id: string; branch: string }[] };
    expect(server.repos[0]?.id).toBe(first.repository);
    const pattern = new RegExp(server.repos[0]?.branch.slice(1, -1) ?? "");
    expect(pattern.exec(branch)?.[0]).toBe(branch);
    expect(pattern.test(`${branch}x`) || pattern.test(`x${branch}`)).toBe(false);
    expect(text).toContain(`run: skyline atlantis plan --trust ${folder}/trust.yaml 2>&1\n`);
    expect(folder).toMatch(/^[\w./-]+$/);
    expect((parse(files.get("atlantis/trust.yaml") ?? "") as { store: string }).store).toBe(first.store);
  };
  fc.assert(
    fc.property(hostile, (text) => {
      check({ ...FIRST, repository: `github.com/example/${text}` });
      check({ ...FIRST, branch: text });
      check({ ...FIRST, folder: `/${text}` });
      check({ ...FIRST, store: `https://store.example/${text}` });
    }),
    { seed, numRuns: 150 },
  );
  expect(accepted).toBeGreaterThan(50);
}, 60_000);
