import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { App } from "cdktf";
import type { Environment } from "../../environment/schema";
import { isolated } from "../../operations/isolated";
import type { Difference } from "../../operations/local/deviations";
import { planAgain } from "../../operations/local/second-plan";
import { stacksOf, type SynthesizedStack } from "../../operations/synthesized";
import {
  findTerraform,
  terraformEnvironment,
  writeTerraformSettings,
  type Terraform,
} from "../../operations/local/terraform";
import { addEnvironment } from "../../stacks/environment-stacks";

export const REPOSITORY = join(__dirname, "..", "..");

/** A folder to run Terraform in, with settings of its own; a machine without Terraform or provider fails here. */
export class TerraformProject {
  static async create(environment?: Environment): Promise<TerraformProject> {
    const terraform = await findTerraform();
    const root = mkdtempSync(join(tmpdir(), "skyline-terraform-"));
    const settings = join(root, "terraform.rc");
    await writeTerraformSettings(settings, terraform.mirror);
    const project = new TerraformProject(root, terraform, terraformEnvironment(terraform, settings));
    if (environment !== undefined) {
      const app = new App({ outdir: project.output });
      addEnvironment(app, environment);
      app.synth();
    }
    return project;
  }

  private constructor(
    readonly root: string,
    readonly terraform: Terraform,
    private readonly settings: NodeJS.ProcessEnv,
  ) {}

  get output(): string {
    return join(this.root, "cdktf.out");
  }

  stacks(environment: string): SynthesizedStack[] {
    return stacksOf(this.output, environment);
  }

  /** Runs Terraform in a stack's folder. @throws Error with what Terraform said */
  async run(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const options = { cwd: folder, env: this.environment(env), maxBuffer: 256 * 1024 * 1024 };
    const { stdout } = await promisify(execFile)(this.terraform.binary, [...args], options).catch(
      (error: { stdout?: string; stderr?: string }) => {
        throw new Error(`terraform ${args.join(" ")}: ${error.stderr}\n${(error.stdout ?? "").slice(-3000)}`);
      },
    );
    return stdout;
  }

  /** Runs `terraform init` and `apply` in a stack's folder. */
  async apply(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
    await this.run(folder, ["init", "-input=false", "-no-color"], env);
    await this.run(folder, ["apply", "-auto-approve", "-input=false", "-no-color"], env);
  }

  /** Everything that a plan of a stack would change; of one that was applied nothing should be. */
  planAgain(folder: string, env: NodeJS.ProcessEnv): Promise<Difference[]> {
    return planAgain(this.terraform.binary, folder, this.environment(env), new AbortController().signal);
  }

  /**
   * Makes the folder a project that `skyline local` runs in, with this repository's built app, and with its environments
   * unless the folder has some.
   */
  asApp(): void {
    symlinkSync(join(REPOSITORY, "node_modules"), join(this.root, "node_modules"));
    if (!existsSync(join(this.root, "environments"))) {
      symlinkSync(join(REPOSITORY, "environments"), join(this.root, "environments"));
    }
    const cdktf = {
      language: "typescript",
      app: `node ${join(REPOSITORY, "dist", "main.js")}`,
      sendCrashReports: "false",
    };
    writeFileSync(join(this.root, "cdktf.json"), JSON.stringify(cdktf));
  }

  private environment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    return isolated({ ...this.settings, ...env });
  }

  remove(): Promise<void> {
    return rm(this.root, { recursive: true, force: true });
  }
}
