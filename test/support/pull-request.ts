import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { loadEnvironment } from "../../environment/load";
import { SKYLINE_DATA_SOURCES, SKYLINE_PROVIDERS } from "../../operations/atlantis/generate/defaults";
import { showTrust, trustFor } from "../../operations/atlantis/trust";
import { startCli, type Ended } from "./cli";
import { commitAll, git } from "./git";
import { REPOSITORY } from "./terraform-project";

/** What the app is made of. */
const FOLDERS = ["environment", "constructs", "stacks"];
const FILES = [
  "main.ts",
  "creation-stacks.ts",
  "cdktf.json",
  "package.json",
  "tsconfig.json",
  "tsconfig.base.json",
];
const OTHERS = ["mesh", "images/contract.json", ".gitignore", "environments/development.yaml"];

/** A repository with the app and one environment in it, to which pull requests are made, and a store of bundles. */
export class PullRequests {
  readonly store: string;
  readonly trust: string;

  static create(): PullRequests {
    const folder = mkdtempSync(join(tmpdir(), "skyline-pull-requests-"));
    const origin = join(folder, "origin");
    for (const path of [...FOLDERS, ...FILES, ...OTHERS]) {
      mkdirSync(dirname(join(origin, path)), { recursive: true });
      cpSync(join(REPOSITORY, path), join(origin, path), { recursive: true });
    }
    return new PullRequests(folder, origin);
  }

  private constructor(
    private readonly folder: string,
    readonly origin: string,
  ) {
    git(origin, "init", "--quiet", "--initial-branch=main");
    commitAll(origin, "main");
    compile(origin, sourcesOf(origin));
    this.store = join(folder, "store");
    mkdirSync(this.store);
    this.trust = join(folder, "trust.yaml");
    const trust = trustFor([loadEnvironment(join(origin, "environments", "development.yaml"))], {
      repository: "github.com/example/platform",
      store: pathToFileURL(this.store).href,
      providers: SKYLINE_PROVIDERS,
      dataSources: [...SKYLINE_DATA_SOURCES],
    });
    writeFileSync(this.trust, showTrust(trust));
  }

  /** A branch of its own with one commit, checked out where its synth job is to run. */
  open(name: string, change: (checkout: string) => void): PullRequest {
    const checkout = join(this.folder, name, "checkout");
    git(this.folder, "clone", "--quiet", this.origin, checkout);
    git(checkout, "checkout", "--quiet", "-b", name);
    change(checkout);
    const commit = commitAll(checkout, name);
    git(checkout, "push", "--quiet", "origin", name);
    return new PullRequest(this, join(this.folder, name), name, commit);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

export class PullRequest {
  constructor(
    private readonly of: PullRequests,
    private readonly folder: string,
    private readonly name: string,
    readonly commit: string,
  ) {}

  get checkout(): string {
    return join(this.folder, "checkout");
  }
  /** Where Atlantis has the merge of the branch and main. */
  get clone(): string {
    return join(this.folder, "clone");
  }

  /** As the job does it, but for npm's packages, which are this repository's, and type checks. */
  async buildAndSynthesize(env: NodeJS.ProcessEnv = {}): Promise<void> {
    symlinkSync(join(REPOSITORY, "node_modules"), join(this.checkout, "node_modules"));
    cpSync(join(this.of.origin, "dist"), join(this.checkout, "dist"), { recursive: true });
    const changed = git(this.checkout, "diff", "--name-only", "origin/main", "HEAD").split("\n");
    compile(
      this.checkout,
      changed.filter((file) => file.endsWith(".ts")),
    );
    await this.job(process.execPath, ["dist/main.js"], env);
  }

  /** Runs a program of the synth job: without credentials. @throws Error with what it said */
  job(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { cwd: this.checkout, env: { PATH: process.env.PATH, HOME: this.folder, ...env } };
      execFile(command, [...args], { ...options, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
        error === null ? resolve(stdout + stderr) : reject(new Error(`${error.message}\n${stdout}`)),
      );
    });
  }

  publish(): Promise<Ended> {
    const args = ["atlantis", "publish", "--commit", this.commit, "--to", this.of.store];
    return startCli(args, { HOME: this.folder }, this.checkout).ended;
  }

  /** Atlantis' clone and its hook, which has the server's credentials. */
  hook(credentials: NodeJS.ProcessEnv): Promise<Ended> {
    git(this.folder, "clone", "--quiet", "--branch=main", this.of.origin, this.clone);
    git(this.clone, "merge", "--quiet", "--no-ff", "--message=merge", `origin/${this.name}`);
    const env = { ...credentials, HOME: this.folder, HEAD_COMMIT: this.commit, BASE_BRANCH_NAME: "main" };
    const args = ["atlantis", "fetch", "--trust", this.of.trust, "--timeout", "1", "--json"];
    return startCli(args, env, this.clone).ended;
  }

  /** Code by stack, as the clone has it after the hook. */
  laidOut(): Map<string, string> {
    const stacks = join(this.clone, "cdktf.out", "stacks");
    const code = (stack: string) => join(stacks, stack, "cdk.tf.json");
    const names = existsSync(stacks) ? readdirSync(stacks).filter((name) => existsSync(code(name))) : [];
    return new Map(names.map((name) => [name, readFileSync(code(name), "utf8")]));
  }
}

function sourcesOf(root: string): string[] {
  const inFolders = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
  );
  return [...inFolders, ...FILES].filter((file) => file.endsWith(".ts"));
}

/** Without type checks, which take minutes: a hostile change would have none, either. */
function compile(root: string, files: readonly string[]): void {
  const { config } = ts.readConfigFile(join(REPOSITORY, "tsconfig.json"), (path) =>
    ts.sys.readFile(path),
  ) as {
    config: unknown;
  };
  const system = { ...ts.sys, readDirectory: () => [] };
  const compilerOptions = ts.parseJsonConfigFileContent(config, system, REPOSITORY).options;
  for (const file of files) {
    const text = readFileSync(join(root, file), "utf8");
    const { outputText } = ts.transpileModule(text, { compilerOptions, fileName: join(root, file) });
    const output = join(root, "dist", file.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(output, outputText);
  }
}
