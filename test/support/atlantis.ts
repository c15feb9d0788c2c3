import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { git } from "./git";

/** A pull request as GitHub's API tells it. */
export interface PullRequest {
  readonly number: number;
  readonly base: string;
  readonly branch: string;
  /** Its newest commit. */
  readonly head: string;
  readonly approved: boolean;
}

/** What Atlantis would put into its comment. */
export interface Comment {
  readonly code: number;
  readonly text: string;
}

interface Step {
  readonly run: string;
}

interface Repository {
  readonly id: string;
  readonly workflow: string;
  readonly apply_requirements: readonly string[];
  readonly pre_workflow_hooks: readonly (Step & { readonly commands: string })[];
}

interface ServerSide {
  readonly repos: readonly Repository[];
  readonly workflows: Readonly<
    Record<string, Readonly<Record<"plan" | "apply", { readonly steps: readonly Step[] }>>>
  >;
}

interface Project {
  readonly name: string;
  readonly dir: string;
  readonly workspace: string;
  readonly depends_on?: readonly string[];
}

/**
 * The part of Atlantis 0.45 that runs things: it clones (merge strategy), runs the hook and the steps that its server-side
 * file names, with the variables that run_step_runner.go and pre_workflow_hook_runner.go give them, and asks for approval
 * and for applied dependencies before an apply. Every command comes out of the generated files.
 */
export class Atlantis {
  private readonly repository: Repository;
  private readonly workflow: ServerSide["workflows"][string];
  /** What the last plan or apply of a project came to, as Atlantis keeps it: by its output's sentence. */
  private readonly status = new Map<string, "planned" | "no changes" | "applied">();

  /**
   * @param origin repository that it clones
   * @param data its folder
   * @param env variables of the server's process
   */
  constructor(
    private readonly origin: string,
    private readonly data: string,
    reposFile: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    const { repos, workflows } = parse(readFileSync(reposFile, "utf8")) as ServerSide;
    this.repository = repos[0]!;
    this.workflow = workflows[this.repository.workflow]!;
  }

  /** `atlantis plan -p PROJECT`, or a new commit. */
  async plan(pull: PullRequest, name: string): Promise<Comment> {
    const clone = await this.clone(pull);
    for (const { run, commands } of this.repository.pre_workflow_hooks) {
      if (!commands.split(",").includes("plan")) continue;
      const { code, text } = await shell(run, clone, this.hookVariables(pull, clone));
      if (code !== 0) return { code, text };
    }
    const project = this.project(pull, name);
    const comment = await this.steps("plan", pull, project);
    this.status.delete(name);
    if (comment.code === 0) {
      this.status.set(name, NO_CHANGES.test(comment.text) ? "no changes" : "planned");
    }
    return comment;
  }

  /** `atlantis apply -p PROJECT`. */
  async apply(pull: PullRequest, name: string): Promise<Comment> {
    const project = this.project(pull, name);
    if (this.repository.apply_requirements.includes("approved") && !pull.approved) {
      return { code: 1, text: "Pull request must be approved" };
    }
    const unapplied = project.depends_on?.find((other) => this.status.get(other) === "planned");
    if (unapplied !== undefined) {
      return { code: 1, text: `Can't apply your project unless you apply its dependencies: [${unapplied}]` };
    }
    const comment = await this.steps("apply", pull, project);
    if (comment.code === 0) this.status.set(name, "applied");
    return comment;
  }

  /** Where a project's plan is, as the variable PLANFILE says. */
  planFile(pull: PullRequest, name: string): string {
    const { dir, workspace } = this.project(pull, name);
    return join(this.cloneFolder(pull), dir, `${name}-${workspace}.tfplan`);
  }

  /** What starts a step, for who wants to do more than wait for its end. */
  command(name: "plan" | "apply", pull: PullRequest, project: string) {
    const found = this.project(pull, project);
    return {
      command: this.workflow[name].steps.map(({ run }) => run).join("\n"),
      cwd: join(this.cloneFolder(pull), found.dir),
      env: this.stepVariables(pull, found),
    };
  }

  cloneFolder = (pull: PullRequest) => join(this.data, "repos", OWNER, NAME, String(pull.number), "default");

  private project(pull: PullRequest, name: string): Project {
    const file = join(this.cloneFolder(pull), "atlantis.yaml");
    const { projects } = parse(readFileSync(file, "utf8")) as { projects: readonly Project[] };
    const found = projects.find((project) => project.name === name);
    if (found === undefined) throw new Error(`atlantis.yaml has no project ${name}`);
    return found;
  }

  /** Of a head that it has not seen, anew. */
  private async clone({ base, branch, head, ...pull }: PullRequest): Promise<string> {
    const folder = this.cloneFolder({ base, branch, head, ...pull });
    if (existsSync(folder)) {
      if ((await git(folder, "rev-parse", "HEAD^2")) === head) return folder;
      rmSync(folder, { recursive: true });
    }
    mkdirSync(folder, { recursive: true });
    await git(folder, "clone", "--quiet", "--branch", base, "--single-branch", this.origin, ".");
    await git(folder, "fetch", "--quiet", "origin", `+refs/heads/${branch}:`);
    await git(folder, "merge", "--quiet", "--no-ff", "-m", "atlantis-merge", "FETCH_HEAD");
    return folder;
  }

  private async steps(name: "plan" | "apply", pull: PullRequest, project: Project): Promise<Comment> {
    const cwd = join(this.cloneFolder(pull), project.dir);
    let text = "";
    for (const { run } of this.workflow[name].steps) {
      const ended = await shell(run, cwd, this.stepVariables(pull, project));
      text += ended.text;
      if (ended.code !== 0) return { code: ended.code, text };
    }
    return { code: 0, text };
  }

  private common({ base, branch, head, number }: PullRequest) {
    return {
      ...this.env,
      BASE_BRANCH_NAME: base,
      BASE_REPO_NAME: NAME,
      BASE_REPO_OWNER: OWNER,
      COMMENT_ARGS: "",
      HEAD_BRANCH_NAME: branch,
      HEAD_COMMIT: head,
      HEAD_REPO_NAME: NAME,
      HEAD_REPO_OWNER: OWNER,
      PULL_AUTHOR: "author",
      PULL_NUM: String(number),
      PULL_URL: `https://github.com/${OWNER}/${NAME}/pull/${number}`,
      USER_NAME: "reviewer",
    };
  }

  private hookVariables(pull: PullRequest, clone: string): NodeJS.ProcessEnv {
    return {
      ...this.common(pull),
      COMMAND_NAME: "plan",
      DIR: clone,
      OUTPUT_STATUS_FILE: join(clone, "OUTPUT_STATUS_FILE"),
      PROJECT_NAME: "",
    };
  }

  private stepVariables(pull: PullRequest, { name, dir, workspace }: Project): NodeJS.ProcessEnv {
    const path = join(this.cloneFolder(pull), dir);
    return {
      ...this.common(pull),
      ATLANTIS_PR_APPROVED: String(pull.approved),
      ATLANTIS_PR_MERGEABLE: "true",
      ATLANTIS_TERRAFORM_DISTRIBUTION: "terraform",
      ATLANTIS_TERRAFORM_VERSION: "1.11.4",
      DIR: path,
      PATH: `${this.env.PATH}:${join(this.data, "bin")}`,
      PLANFILE: join(path, `${name}-${workspace}.tfplan`),
      POLICYCHECKFILE: join(path, `${name}-${workspace}-policyout.json`),
      PROJECT_NAME: name,
      REPO_REL_DIR: dir,
      SHOWFILE: join(path, `${name}-${workspace}.json`),
      WORKSPACE: workspace,
    };
  }
}

const OWNER = "example";
const NAME = "platform";
/** Atlantis' own, of models.go. */
const NO_CHANGES =
  /No changes. (Infrastructure is up-to-date|Your infrastructure matches the configuration)./;

/** `sh -c`, as Atlantis runs every command. */
function shell(command: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Comment> {
  return new Promise((resolve, reject) => {
    const child = spawn("sh", ["-c", command], { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, text }));
  });
}
