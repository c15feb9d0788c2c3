import { spawn } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument, type Document } from "yaml";
import { loadEnvironment } from "../../environment/load";
import { stackNames } from "../../environment/naming";
import { prepareAccount } from "../../operations/local/account";
import { emulatorEnvironment, startEmulator, type Emulator } from "../../operations/local/emulator";
import { pythonEnvironment } from "../../operations/local/python";
import { Atlantis, type PullRequest } from "./atlantis";
import { aws } from "./aws-cli";
import { builtCli } from "./built";
import { git } from "./git";
import { standInPlatforms } from "./platform-stand-in";
import { REPOSITORY, TerraformProject } from "./terraform-project";

const ENVIRONMENT = "development";
const BUCKET = "example-tfstate";
const FILE = `environments/${ENVIRONMENT}.yaml`;

/** What ended, and what it said. */
export interface JobEnd {
  readonly code: number | null;
  readonly text: string;
}

/**
 * A repository on a git server, the job that synthesizes its commits, the store between that and Atlantis, and Atlantis on
 * an emulated AWS. Each has its own folder, and its own variables.
 */
export class PullRequestWorld {
  static async start(): Promise<PullRequestWorld> {
    const python = await pythonEnvironment(join(REPOSITORY, "tools", "python"));
    const project = await TerraformProject.create();
    const at = (...path: string[]) => join(project.root, ...path);
    for (const folder of ["bin", "home", "tmp", "store", "server", "atlantis", "ci", "author"]) {
      mkdirSync(at(folder));
    }
    writeFileSync(at("bin", "skyline"), `#!/bin/sh\nexec "${process.execPath}" "${builtCli()}" "$@"\n`);
    chmodSync(at("bin", "skyline"), 0o755);
    writeEnvironment(at("author"));
    const environment = loadEnvironment(at("author", FILE));
    const { account, region } = environment;
    const emulator = await startEmulator({ bin: python.bin, account, folder: project.root });
    await prepareAccount(
      emulator,
      { ...emulator, account, region },
      environment,
      new AbortController().signal,
    );
    const world = new PullRequestWorld(project, emulator, emulatorEnvironment(emulator, account, region));
    await world.firstCommit();
    return world;
  }

  readonly names = {
    network: stackNames.network(ENVIRONMENT),
    cluster: stackNames.cluster(ENVIRONMENT, "charlie"),
    platform: stackNames.platform(ENVIRONMENT, "charlie"),
  };
  readonly store: string;
  private pulls = 0;
  private server: Atlantis | undefined;

  private constructor(
    private readonly project: TerraformProject,
    private readonly emulator: Emulator,
    /** What leads AWS' clients to the emulator, with its credentials. */
    readonly credentials: NodeJS.ProcessEnv,
  ) {
    this.store = this.at("store");
  }

  at(...path: readonly string[]): string {
    return join(this.project.root, ...path);
  }

  get atlantis(): Atlantis {
    if (this.server === undefined) throw new Error("Atlantis has no configuration yet");
    return this.server;
  }

  /** Where steps put what they work with. */
  get temporary(): string {
    return this.at("tmp");
  }

  /** Opens a pull request with a change of the environment's file. */
  async open(change: (document: Document) => void): Promise<PullRequest> {
    this.pulls += 1;
    const branch = `change-${this.pulls}`;
    await git(this.at("author"), "checkout", "--quiet", "-b", branch, "main");
    const pull = { number: this.pulls, base: "main", branch, head: "", approved: false };
    return this.push(pull, change);
  }

  /** Another commit of a pull request. Approvals go with it, as the branch's protection has it. */
  async push(pull: PullRequest, change: (document: Document) => void): Promise<PullRequest> {
    const author = this.at("author");
    await git(author, "checkout", "--quiet", pull.branch);
    const document = parseDocument(readFileSync(join(author, FILE), "utf8"));
    change(document);
    writeFileSync(join(author, FILE), document.toString());
    await this.generate();
    await git(author, "commit", "--quiet", "--all", "--message", pull.branch);
    await git(author, "push", "--quiet", "origin", pull.branch);
    return { ...pull, head: await git(author, "rev-parse", "HEAD"), approved: false };
  }

  /** Merges a pull request, as people do when it is applied. */
  async merge({ branch }: PullRequest): Promise<void> {
    const author = this.at("author");
    await git(author, "checkout", "--quiet", "main");
    await git(author, "merge", "--quiet", "--no-ff", "-m", branch, branch);
    await git(author, "push", "--quiet", "origin", "main");
  }

  /** The job that CI runs for a commit: it has no credentials, and what it has is the commit. */
  async synthJob(
    commit: string,
    { store = this.store, change = (code: string) => code } = {},
  ): Promise<JobEnd> {
    const folder = this.at("ci", `${commit}-${this.jobs++}`);
    await git(this.at("ci"), "clone", "--quiet", this.at("origin.git"), folder);
    await git(folder, "checkout", "--quiet", commit);
    const variables = { PATH: `${this.at("bin")}:${process.env.PATH}`, HOME: folder, CI: "true" };
    const run = (...command: readonly string[]) => runToEnd(command, folder, variables);
    const synthesized = await run(process.execPath, join(REPOSITORY, "dist", "main.js"));
    if (synthesized.code !== 0) return synthesized;
    const code = join(folder, "cdktf.out", "stacks", this.names.network, "cdk.tf.json");
    writeFileSync(code, change(readFileSync(code, "utf8")));
    standInPlatforms(join(folder, "cdktf.out"));
    const checked = await run("skyline", "atlantis", "generate", "--check");
    if (checked.code !== 0) return checked;
    return run("skyline", "atlantis", "publish", "--commit", commit, "--to", `file://${store}`);
  }
  private jobs = 0;

  /** Applies a stack of the author's own, past all reviews: what was there before. */
  async apply(name: string): Promise<void> {
    const folder = this.at("author", "cdktf.out", "stacks", name);
    await this.project.apply(folder, this.credentials);
  }

  /** The state of a stack as its bucket has it. */
  async state(name: string): Promise<string> {
    const state = await this.aws<object>(["s3", "cp", `s3://${BUCKET}/${ENVIRONMENT}/${name}.tfstate`, "-"]);
    return JSON.stringify(state);
  }

  /** Whether somebody holds the lock of a stack's state: for that, the bucket has a file of its own. */
  async isLocked(name: string): Promise<boolean> {
    const response = await fetch(`${this.emulator.aws}/${BUCKET}`);
    const listing = await response.text();
    if (!listing.includes(`<Key>${ENVIRONMENT}/`)) throw new Error(`no states: ${listing}`);
    return listing.includes(`<Key>${ENVIRONMENT}/${name}.tfstate.tflock<`);
  }

  aws<T>(command: readonly string[], options: Readonly<Record<string, string>> = {}): Promise<T> {
    return aws<T>(this.credentials, command, options);
  }

  async stop(): Promise<void> {
    await this.emulator.stop();
    await this.project.remove();
  }

  /** What a team does once: the repository, and the server's copy of its configuration. */
  private async firstCommit(): Promise<void> {
    const author = this.at("author");
    await git(this.at(), "init", "--quiet", "--bare", "--initial-branch=main", this.at("origin.git"));
    await git(author, "init", "--quiet", "--initial-branch=main");
    await git(author, "remote", "add", "origin", this.at("origin.git"));
    writeFileSync(join(author, ".gitignore"), "cdktf.out/\n");
    await this.generate(
      ...["--repository", "github.com/example/platform"],
      ...["--store", `file://${this.store}`, "--folder", this.at("server")],
    );
    await git(author, "add", "--all");
    await git(author, "commit", "--quiet", "--message", "first");
    await git(author, "push", "--quiet", "origin", "main");
    cpSync(join(author, "atlantis"), this.at("server"), { recursive: true });
    trustNoKubernetes(this.at("server", "trust.yaml"));
    this.server = new Atlantis(this.at("origin.git"), this.at("atlantis"), this.at("server", "repos.yaml"), {
      ...this.credentials,
      PATH: `${this.at("bin")}:${process.env.PATH}`,
      HOME: this.at("home"),
      TMPDIR: this.temporary,
      TF_CLI_CONFIG_FILE: this.at("terraform.rc"),
    });
  }

  /** Synthesizes as the author, and writes Atlantis' configuration anew. */
  private async generate(...options: readonly string[]): Promise<void> {
    const author = this.at("author");
    const variables = { PATH: `${this.at("bin")}:${process.env.PATH}`, HOME: author };
    for (const command of [
      [process.execPath, join(REPOSITORY, "dist", "main.js")],
      ["skyline", "atlantis", "generate", ...options],
    ]) {
      const { code, text } = await runToEnd(command, author, variables);
      if (code !== 0) throw new Error(`${command.join(" ")}: ${text}`);
    }
  }
}

/** The development environment with one cluster, which nobody has deployed. */
function writeEnvironment(folder: string): void {
  const document = parseDocument(readFileSync(join(REPOSITORY, FILE), "utf8"));
  document.deleteIn(["clusters", "alpha"]);
  document.setIn(["clusters", "bravo", "role"], "active");
  document.deleteIn(["network", "endpointDns"]);
  document.setIn(["network", "clients"], []);
  mkdirSync(join(folder, "environments"));
  writeFileSync(join(folder, FILE), document.toString());
}

/** The server has no Kubernetes provider: see `standInPlatforms`. */
function trustNoKubernetes(file: string): void {
  const document = parseDocument(readFileSync(file, "utf8"));
  document.deleteIn(["providers", "registry.terraform.io/hashicorp/kubernetes"]);
  writeFileSync(file, document.toString());
}

function runToEnd(command: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<JobEnd> {
  const [program = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, text }));
  });
}
