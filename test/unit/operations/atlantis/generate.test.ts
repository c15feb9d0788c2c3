import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SKYLINE_PROVIDERS } from "../../../../operations/atlantis/generate/defaults";
import { repositorySchema, serverRepositoriesSchema, serverSchema } from "../../../support/atlantis-schema";
import {
  failureOf,
  FIRST,
  generateIn,
  projectsOf,
  repositories,
  textIn,
  writeSettings,
  yamlIn,
} from "../../../support/generated-repository";
import { exampleStacks, writeApp } from "../../../support/synthesized-app";
import { inside } from "../../cli/skyline";

const repositoryWith = repositories();

describe("the generated files", () => {
  const repository = repositoryWith();
  generateIn(repository);

  test("have the shape that Atlantis 0.45 reads", () => {
    expect(repositorySchema.safeParse(yamlIn(repository, "atlantis.yaml")).error).toBeUndefined();
    expect(
      serverRepositoriesSchema.safeParse(yamlIn(repository, "atlantis/repos.yaml")).error,
    ).toBeUndefined();
    expect(serverSchema.safeParse(yamlIn(repository, "atlantis/server.yaml")).error).toBeUndefined();
  });

  test("have one project a stack, behind those that it depends on", () => {
    const projects = projectsOf(repository);
    expect(projects.map(({ name }) => name).sort()).toEqual(Object.keys(exampleStacks()).sort());
    const groups = new Map(projects.map((project) => [project.name, project.execution_order_group]));
    expect(groups.get("development-network")).toBe(0);
    expect(groups.get("development-mesh")).toBe(1);
    expect(groups.get("development-cluster-bravo")).toBe(2);
    expect(groups.get("development-platform-bravo")).toBe(3);
    expect(projects.map((project) => project.execution_order_group)).toEqual(
      projects.map((project) => project.execution_order_group).sort(),
    );
    for (const { name, dir, depends_on: dependencies = [] } of projects) {
      expect(dir).toBe(`cdktf.out/stacks/${name}`);
      dependencies.forEach((each) => expect(groups.get(each)).toBeLessThan(groups.get(name) ?? 0));
    }
  });

  test("leave a pull request no way around what the server demands", () => {
    expect(yamlIn(repository, "atlantis/repos.yaml")).toMatchObject({
      repos: [
        {
          id: "github.com/example/platform",
          branch: "/^main$/",
          plan_requirements: ["undiverged"],
          apply_requirements: ["approved", "mergeable", "undiverged"],
          allowed_overrides: [],
          allow_custom_workflows: false,
          workflow: "skyline",
          autodiscover: { mode: "disabled" },
        },
      ],
    });
    expect(yamlIn(repository, "atlantis/server.yaml")).toMatchObject({
      "repo-allowlist": "github.com/example/platform",
      "fail-on-pre-workflow-hook-error": true,
      "checkout-strategy": "merge",
      "allow-fork-prs": false,
    });
    // Each of these keys in it would be refused by the server's allowed_overrides: [].
    expect(textIn(repository, "atlantis.yaml")).not.toMatch(
      /workflow|_requirements|repo_lock|policy_check|silence/,
    );
  });

  test("are for one branch, whose dots are no pattern", () => {
    const other = repositoryWith();
    generateIn(other, { first: { ...FIRST, branch: "release-1.2" } });
    const [{ branch }] = (yamlIn(other, "atlantis/repos.yaml") as { repos: [{ branch: string }] }).repos;
    const pattern = new RegExp(branch.slice(1, -1));
    expect(["release-1.2", "release-1x2", "release-1.20"].map((name) => pattern.test(name))).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("call skyline alone, with nothing that a pull request names", () => {
    const commands = textIn(repository, "atlantis/repos.yaml").match(/(?<=run: ).*/g) ?? [];
    expect(commands).toHaveLength(5);
    expect(commands.filter((command) => /\$|`/.test(command))).toEqual([]);
    expect(commands.filter((command) => command.startsWith("skyline atlantis "))).toEqual([
      "skyline atlantis fetch --trust /etc/skyline/trust.yaml --timeout 1200",
      "skyline atlantis plan --trust /etc/skyline/trust.yaml 2>&1",
      "skyline atlantis apply --trust /etc/skyline/trust.yaml 2>&1",
    ]);
  });

  test("ask Consul for the dial where the settings want it", () => {
    const other = repositoryWith();
    writeSettings(other, "liveDial: true\n");
    generateIn(other, { first: {} });
    const commands = textIn(other, "atlantis/repos.yaml").match(/skyline atlantis (plan|apply|fetch).*/g);
    expect(commands).toEqual([
      "skyline atlantis fetch --trust /etc/skyline/trust.yaml --timeout 1200",
      "skyline atlantis plan --trust /etc/skyline/trust.yaml --live 2>&1",
      "skyline atlantis apply --trust /etc/skyline/trust.yaml --live 2>&1",
    ]);
  });

  test("trust what Skyline's stacks use, and each environment's own account and states", () => {
    expect(yamlIn(repository, "atlantis/trust.yaml")).toMatchObject({
      providers: SKYLINE_PROVIDERS,
      dataSources: [
        "aws_caller_identity",
        "aws_iam_policy_document",
        "aws_partition",
        "aws_region",
        "aws_ssm_parameter",
      ],
      environments: {
        development: { account: "111111111111", backend: { bucket: "example-tfstate", region: "us-east-1" } },
      },
    });
  });

  test("are the same bytes again, from a manifest in another order and in a second repository", () => {
    expect(generateIn(repository).changes).toEqual([]);
    const shuffled = repositoryWith(Object.fromEntries(Object.entries(exampleStacks()).reverse()));
    generateIn(shuffled);
    for (const path of readdirSync(join(repository, "atlantis"), { recursive: true, encoding: "utf8" })) {
      if (/\.\w+$/.test(path)) {
        expect(textIn(shuffled, join("atlantis", path))).toBe(textIn(repository, join("atlantis", path)));
      }
    }
    expect(textIn(shuffled, "atlantis.yaml")).toBe(textIn(repository, "atlantis.yaml"));
  });

  test("pin the providers that the constructs' own packages are made for", () => {
    const [aws, kubernetes] = ["provider-aws", "provider-kubernetes"].map(
      (name) =>
        (
          JSON.parse(readFileSync(`node_modules/@cdktf/${name}/package.json`, "utf8")) as {
            cdktf: { provider: { version: string } };
          }
        ).cdktf.provider.version,
    );
    expect(SKYLINE_PROVIDERS).toEqual({
      "registry.terraform.io/hashicorp/aws": aws,
      "registry.terraform.io/hashicorp/kubernetes": kubernetes,
    });
  });
});

test("the project's own files are what its settings, environments and stacks give", () => {
  const repository = repositoryWith();
  cpSync("atlantis.yaml", join(repository, "atlantis.yaml"));
  cpSync("atlantis", join(repository, "atlantis"), { recursive: true });
  expect(generateIn(repository, { first: {}, dryRun: true }).changes).toEqual([]);
});

describe("a file that is not as it should be", () => {
  const repository = repositoryWith();
  generateIn(repository);
  const check = () =>
    inside(
      ...["atlantis", "generate", "--check", "--output", repository],
      ...["--stacks", join(repository, "cdktf.out")],
    );

  afterEach(() => {
    rmSync(join(repository, "atlantis", "old.yaml"), { force: true });
    generateIn(repository);
  });

  test("is none after generate, and --check needs no options then", async () => {
    expect(await check()).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to do") });
  });

  test("ends --check with 3 and its difference, and is left as it is", async () => {
    const edited = textIn(repository, "atlantis/repos.yaml").replace("      - approved\n", "");
    writeFileSync(join(repository, "atlantis/repos.yaml"), edited);
    rmSync(join(repository, "atlantis/templates/plan.tmpl"));
    const { code, stdout } = await check();
    expect(code).toBe(3);
    expect(stdout).toContain("--- a/atlantis/repos.yaml\n+++ b/atlantis/repos.yaml\n@@");
    expect(stdout).toContain("\n+      - approved\n");
    expect(stdout).toContain("--- /dev/null\n+++ b/atlantis/templates/plan.tmpl");
    expect(stdout).toContain("2 files are stale");
    expect(textIn(repository, "atlantis/repos.yaml")).toBe(edited);
  });

  test("is one that nobody generates any more: removed by generate, and only when it was generated", async () => {
    cpSync(join(repository, "atlantis/server.yaml"), join(repository, "atlantis/old.yaml"));
    expect(await check()).toMatchObject({
      code: 3,
      stdout: expect.stringContaining("--- a/atlantis/old.yaml"),
    });
    expect(generateIn(repository, { first: {} }).changes).toMatchObject([
      { path: "atlantis/old.yaml", action: "removed" },
    ]);
    expect(existsSync(join(repository, "atlantis/old.yaml"))).toBe(false);

    writeFileSync(join(repository, "atlantis/old.yaml"), "mine: true\n");
    expect(failureOf(() => generateIn(repository)).message).toContain("atlantis/old.yaml was not generated");
    expect(existsSync(join(repository, "atlantis/old.yaml"))).toBe(true);
  });

  test("is one of a cluster that was added", async () => {
    const stacks = exampleStacks();
    writeApp(join(repository, "cdktf.out"), {
      ...stacks,
      "development-extra": { dependencies: ["development-mesh"] },
    });
    const { stdout } = await check();
    expect(stdout).toContain("+  - name: development-extra");
    writeApp(join(repository, "cdktf.out"), stacks);
  });
});
