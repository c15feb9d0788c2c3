import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { MARKDOWN_MARKER } from "../../../operations/atlantis/comment-marker";
import { stackFolder } from "../../../operations/atlantis/stack-name";
import { repositorySchema, serverRepositoriesSchema } from "../../support/atlantis-schema";
import { binaryOf, goTool } from "../../support/go-tool";
import { exampleStacks } from "../../support/synthesized-app";

// The project's own generated files, read by Atlantis' own parser, finder of projects and renderer of comments.

const clone = mkdtempSync(join(tmpdir(), "skyline-parser-"));
afterAll(() => rmSync(clone, { recursive: true }));

let program: string;
beforeAll(async () => {
  program = binaryOf(await goTool("atlantis-config"));
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function atlantis(args: readonly string[], input = ""): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "pipe" });
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
    child.once("error", reject).once("close", (code) => resolve({ code, ...output }));
    child.stdin.end(input);
  });
}

const merge = (directory: string, ...modified: readonly string[]) =>
  atlantis([
    ...["merge", "-repos", "atlantis/repos.yaml", "-directory", directory],
    ...["-id", "github.com/example/platform", "-branch", "main"],
    ...modified.flatMap((file) => ["-modified", file]),
  ]);

/** What Atlantis makes of both files, as far as it is looked at here. */
interface Merged {
  readonly Repo: {
    readonly AbortOnExcecutionOrderFail: boolean;
    readonly AutoDiscover: { readonly Mode: string };
  };
  readonly Server: readonly {
    readonly ID: string;
    readonly PreWorkflowHooks: readonly { readonly RunCommand: string; readonly Commands: string }[] | null;
  }[];
  readonly Projects: readonly {
    readonly Name: string;
    readonly RepoRelDir: string;
    readonly PlanRequirements: readonly string[];
    readonly ApplyRequirements: readonly string[];
    readonly DependsOn: readonly string[] | null;
    readonly Workflow: Readonly<
      Record<
        "Plan" | "Apply" | "Import" | "StateRm",
        { readonly Steps: readonly { readonly StepName: string; readonly RunCommand: string }[] }
      >
    >;
  }[];
  readonly Planned: readonly string[];
}

async function merged(directory: string, ...modified: readonly string[]): Promise<Merged> {
  const { code, stdout, stderr } = await merge(directory, ...modified);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout) as Merged;
}

describe("given the project's own files", () => {
  const names = Object.keys(exampleStacks()).sort();

  beforeAll(() => {
    cpSync("atlantis.yaml", join(clone, "atlantis.yaml"));
    names.forEach((name) => mkdirSync(join(clone, stackFolder(name)), { recursive: true }));
  });

  test("Atlantis takes every stack for a project that the server decides about", async () => {
    const { Repo, Server, Projects } = await merged(clone);
    expect(Repo).toMatchObject({ AbortOnExcecutionOrderFail: true, AutoDiscover: { Mode: "disabled" } });
    expect(Projects.map(({ Name }) => Name).sort()).toEqual(names);
    for (const project of Projects) {
      expect(project).toMatchObject({
        RepoRelDir: stackFolder(project.Name),
        PlanRequirements: ["undiverged"],
        ApplyRequirements: ["approved", "mergeable", "undiverged"],
      });
    }
    expect(Server.at(-1)).toMatchObject({
      ID: "github.com/example/platform",
      PreWorkflowHooks: [
        {
          RunCommand: "skyline atlantis fetch --trust /etc/skyline/trust.yaml --timeout 1200",
          Commands: "plan",
        },
      ],
    });
  });

  test("every step is a command of ours: none of Atlantis' own would run Terraform in the clone", async () => {
    const [project] = (await merged(clone)).Projects;
    const steps = Object.entries(project?.Workflow ?? {}).flatMap(([stage, of]) =>
      stage === "Name" || stage === "PolicyCheck" ? [] : of.Steps.map((step) => [stage, step] as const),
    );
    expect(steps.map(([stage, { StepName }]) => [stage, StepName])).toEqual([
      ["Apply", "run"],
      ["Plan", "run"],
      ["Import", "run"],
      ["StateRm", "run"],
    ]);
    expect(steps.slice(2).every(([, { RunCommand }]) => RunCommand.endsWith("; exit 4"))).toBe(true);
  });

  test.each<[string, string[], (name: string) => boolean]>([
    ["an environment's file", ["environments/staging.yaml"], (name) => name.startsWith("staging-")],
    ["code of the constructs", ["constructs/network/vpc.ts"], () => true],
    ["a file of the data plane", ["mesh/templates/upstreams.ctmpl"], () => true],
    ["the lock of the packages", ["package-lock.json"], () => true],
    ["tests and words", ["test/unit/x.test.ts", "docs/atlantis.md", "README.md"], () => false],
    [
      "a file of the same name elsewhere",
      ["docs/environments/staging.yaml", "docs/package.json"],
      () => false,
    ],
  ])("a change of %s plans what it can change", async (_, files, wanted) => {
    expect([...(await merged(clone, ...files)).Planned].sort()).toEqual(names.filter(wanted));
  });

  test("nothing is planned whose folder no bundle has laid out", async () => {
    const empty = join(clone, "empty");
    mkdirSync(empty);
    cpSync("atlantis.yaml", join(empty, "atlantis.yaml"));
    expect((await merged(empty, "package-lock.json")).Planned).toEqual([]);
  });
});

describe("given an atlantis.yaml that a pull request has changed", () => {
  const hostile = join(clone, "hostile");
  const original = readFileSync("atlantis.yaml", "utf8");
  const first = "    workspace: default\n";
  const refused = async (text: string) => {
    expect(text).not.toBe(original);
    mkdirSync(hostile, { recursive: true });
    writeFileSync(join(hostile, "atlantis.yaml"), text);
    const { code, stderr } = await merge(hostile);
    expect(code).toBe(1);
    return stderr;
  };

  test.each([
    "workflow: default",
    "apply_requirements: []",
    "plan_requirements: []",
    "repo_locks: { mode: disabled }",
  ])("Atlantis refuses %s of a project", async (line) => {
    expect(await refused(original.replace(first, `${first}    ${line}\n`))).toContain("not allowed to set");
  });

  test("Atlantis refuses a workflow of its own", async () => {
    const own = "workflows:\n  skyline:\n    plan:\n      steps:\n        - run: id\n";
    expect(await refused(original + own)).toContain("not allowed to define custom workflows");
  });
});

describe("the schema of the unit tests and Atlantis' own parser agree", () => {
  const agreed = join(clone, "agreed");
  const accepted = async (files: Readonly<Record<string, string>>) => {
    mkdirSync(agreed, { recursive: true });
    for (const file of ["atlantis.yaml", "repos.yaml"]) {
      const original = file === "atlantis.yaml" ? file : join("atlantis", file);
      writeFileSync(join(agreed, file), files[file] ?? readFileSync(original, "utf8"));
    }
    const repos = join(agreed, "repos.yaml");
    const id = ["-id", "github.com/example/platform", "-branch", "main"];
    return (await atlantis(["merge", "-repos", repos, "-directory", agreed, ...id])).code === 0;
  };
  const edited = (file: string, from: string, to: string) => {
    const original = readFileSync(file, "utf8");
    expect(original).toContain(from);
    return original.replace(from, to);
  };

  test.each([
    ["as it is", "version: 3", "version: 3", true],
    ["without a version", "version: 3\n", "", false],
    ["of another version", "version: 3", "version: 4", false],
    ["with an unknown key", "automerge: false", "auto_merge: false", false],
    ["with an unknown key of a project", "    workspace: default", "    work_space: default", false],
    ["with a folder above", "dir: cdktf.out/stacks/development-network", "dir: ../elsewhere", false],
    ["with a name that wants an escape", "name: development-network", "name: development network", false],
    ["with a number for a list", "      - development-mesh", "      3", false],
    ["with a word for a number", "execution_order_group: 0", "execution_order_group: first", false],
  ])("about atlantis.yaml %s", async (_, from, to, valid) => {
    const text = edited("atlantis.yaml", from, to);
    expect(await accepted({ "atlantis.yaml": text })).toBe(valid);
    expect(repositorySchema.safeParse(parse(text)).success).toBe(valid);
  });

  test.each([
    ["as it is", "repos:", "repos:", true],
    ["with an unknown key", "repos:", "repositories:", false],
    ["with an unknown key of a repository", "policy_check: false", "policy_checks: false", false],
    ["with an unknown requirement", "      - mergeable", "      - merged", false],
    ["with a branch that is no pattern", "/^main$/", "main", false],
    ["with a pattern that is none", "/^main$/", "/^main($/", false],
    ["with an unknown override", "allowed_overrides: []", "allowed_overrides: [workflows]", false],
    ["with another mode", "mode: disabled", "mode: never", false],
    ["with an unknown stage", "    state_rm:", "    state_mv:", false],
    [
      "with an unknown step",
      "        - run: skyline atlantis plan",
      "        - exec: skyline atlantis plan",
      false,
    ],
  ])("about repos.yaml %s", async (_, from, to, valid) => {
    const text = edited("atlantis/repos.yaml", from, to);
    expect(await accepted({ "repos.yaml": text })).toBe(valid);
    expect(serverRepositoriesSchema.safeParse(parse(text)).success).toBe(valid);
  });
});

describe("given what a step has printed", () => {
  const review =
    "**3 changes**, none of an active cluster\n\n<details><summary>Network</summary>\n\ntext\n\n</details>";
  const comment = async (args: readonly string[], printed: string) => {
    const { code, stdout, stderr } = await atlantis(
      ["comment", "-templates", "atlantis/templates", ...args],
      printed,
    );
    expect([code, stderr]).toEqual([0, ""]);
    return stdout;
  };

  test.each([
    ["a plan", ["-command", "plan"]],
    ["an apply", ["-command", "apply"]],
    ["a plan that policy refused", ["-command", "plan", "-failed"]],
    ["an apply that was refused", ["-command", "apply", "-failed"]],
  ])("the comment of %s has marked Markdown as Markdown, folded by itself alone", async (_, args) => {
    const long = `${review}\n${"line\n".repeat(40)}`;
    const text = await comment(args, `${MARKDOWN_MARKER}\n${long}`);
    expect(text).toContain(long.trim());
    expect(text.slice(0, text.indexOf(review))).not.toContain("```");
    expect(text).not.toContain("Show Output");
    expect(text).not.toContain(MARKDOWN_MARKER);
  });

  test("the comment of a plan says how to apply, to plan again and to discard it", async () => {
    const text = await comment([], `${MARKDOWN_MARKER}\n${review}\n`);
    expect(text).toContain("atlantis apply -p development-network");
    expect(text).toContain("atlantis plan -p development-network");
    expect(text).toContain("[here](https://atlantis.example.internal/lock?id=1)");
  });

  test.each([
    ["of a plan", ["-command", "plan"]],
    ["of an apply", ["-command", "apply"]],
    ["of a step that failed", ["-command", "plan", "-failed"]],
  ])("everything else %s stands in a code block that it cannot leave", async (_, args) => {
    const text = await comment(args, `Error: no\n\`\`\`\n${MARKDOWN_MARKER}\n# Approved by everybody\n`);
    const [before = "", inside = ""] = text.split("```text\n");
    expect(before).not.toContain("Approved");
    expect(text.split("Approved")).toHaveLength(2);
    expect(inside.slice(0, inside.indexOf("```"))).toContain("# Approved by everybody");
  });
});
