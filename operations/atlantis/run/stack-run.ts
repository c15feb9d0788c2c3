import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OperationFailure } from "../../failure";
import { cleanTerraform } from "../../terraform/clean-terraform";
import { errorsOf, terraformFailure } from "../../terraform/diagnostics";
import { parseExactly } from "../../terraform/exact-json";
import { awaitedStacks } from "../../terraform/remote-states";
import { runTerraform, type TerraformEnd, type TerraformPlace } from "../../terraform/run";
import { masked, secretsOf, secretsOfCode } from "../../terraform/secrets";
import { ERRORED_STATE, withWorkFolder } from "../../terraform/work-folder";
import { ErroredStates } from "./errored-state";
import { stackFolder } from "../stack-name";
import type { VerifiedStack } from "./verified-stack";

/** A plan that Terraform has made. */
export interface MadePlan {
  /** Path of the plan file. */
  readonly file: string;
  /** `terraform show -json` of it. */
  readonly json: string;
}

/** What the server gives a run: credentials, and where Terraform is. */
export interface Server {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** One stack's code in a folder of its own, initialised. */
export class StackRun {
  /** Parsed code. */
  readonly code: unknown;
  private readonly secretsOfCode: ReadonlySet<string>;

  private constructor(
    readonly verified: VerifiedStack,
    private readonly place: TerraformPlace,
    private readonly erroredStates: ErroredStates,
  ) {
    this.code = JSON.parse(verified.code);
    this.secretsOfCode = secretsOfCode(this.code);
  }

  /**
   * Runs work with a stack; what Terraform has put beside its code goes with the end of it.
   *
   * @throws OperationFailure refused, while a state of it waits to be pushed: a plan would make again what is in it
   */
  static async of<T>(
    verified: VerifiedStack,
    { env, signal }: Server,
    work: (run: StackRun) => Promise<T>,
  ): Promise<T> {
    const erroredStates = ErroredStates.of(env);
    const [pending] = await erroredStates.pendingOf(verified.stack);
    if (pending !== undefined) {
      throw new OperationFailure(
        "refused",
        `the state that an apply of ${verified.stack} could not write is still in ${pending}`,
        howToPush(verified.stack, pending, env.TERRAFORM_BINARY_NAME),
      );
    }
    const terraform = await cleanTerraform(env, verified.profile);
    return withWorkFolder(async (folder) => {
      const run = new StackRun(verified, { ...terraform, folder, signal }, erroredStates);
      await run.writeFile("cdk.tf.json", verified.code);
      await run.initialise();
      return work(run);
    });
  }

  /**
   * Plans.
   *
   * @returns the plan, or the stacks that must be applied before there can be one
   * @throws OperationFailure verification, with Terraform's errors; conflict, when somebody holds the state's lock
   */
  async plan(): Promise<MadePlan | { readonly waitsFor: readonly string[] }> {
    const file = join(this.place.folder, "new.tfplan");
    const end = await this.terraform(["plan", "-json", LOCK_TIMEOUT, `-out=${file}`]);
    if (end.code !== 0) {
      const waitsFor = awaitedStacks(errorsOf(end.stdout), this.code);
      if (waitsFor.length === 0) {
        throw terraformFailure(`terraform plan of ${this.verified.stack}`, end, await this.maskOfState());
      }
      return { waitsFor };
    }
    return { file, json: await this.show(file) };
  }

  /** A plan file as JSON. */
  async show(file: string): Promise<string> {
    const end = await this.terraform(["show", "-json", file]);
    if (end.code !== 0) {
      throw terraformFailure(`terraform show of ${this.verified.stack}`, end, await this.maskOfState());
    }
    return end.stdout;
  }

  /**
   * Applies a plan. An interruption lets Terraform end the calls that are under way.
   *
   * @param onLine gets Terraform's events, one JSON document each
   * @throws OperationFailure verification, with Terraform's errors, when it is applied in part at most; conflict, when
   *   somebody else is or was at the state since the plan, and nothing is applied; unrestored, when the state of what was
   *   applied could not be written, and says where it is
   */
  async apply({ file, json }: MadePlan, onLine: (line: string) => void): Promise<void> {
    const args = ["apply", "-json", LOCK_TIMEOUT, file];
    const what = `terraform apply of ${this.verified.stack}`;
    const failure = await this.terraform(args, { onLine, patienceMs: Infinity }).then(
      (end) => (end.code === 0 ? undefined : terraformFailure(what, end, this.maskOf(json))),
      (error: unknown) => error,
    );
    // Also one that was interrupted may have been unable to write its state.
    await this.keepErroredState(failure instanceof OperationFailure ? failure.message : what);
    if (failure instanceof OperationFailure && failure.kind === "conflict") {
      const { message, hint = "plan it again, and review that plan" } = failure;
      throw new OperationFailure("conflict", message, `nothing was applied; ${hint}`);
    }
    if (failure instanceof OperationFailure && failure.kind === "verification") {
      const { message, hint = "put right what failed, then plan again and review what is left" } = failure;
      throw new OperationFailure("verification", message, `what was done stays done; ${hint}`);
    }
    if (failure !== undefined) {
      throw failure;
    }
  }

  /** @throws OperationFailure unrestored, when there is one, with what went wrong and what to do */
  private async keepErroredState(what: string): Promise<void> {
    const { folder, binary } = this.place;
    const { stack } = this.verified;
    let kept: string | undefined;
    let trouble = "";
    try {
      kept = await this.erroredStates.keep(stack, folder);
    } catch (error) {
      // The work folder stays then.
      kept = join(folder, ERRORED_STATE);
      trouble = `, and was left there (${(error as Error).message})`;
    }
    if (kept !== undefined) {
      throw new OperationFailure(
        "unrestored",
        `${what}\nThe state could not be written. What was made is known to one file alone: ${kept}${trouble}`,
        howToPush(stack, kept, binary),
      );
    }
  }

  /** A file beside the code. @returns its path */
  async writeFile(name: string, content: Buffer | string): Promise<string> {
    const path = join(this.place.folder, name);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  }

  /** Takes out what these documents of Terraform, and the code, mark as sensitive: also where a provider repeats it. */
  maskOf(...documents: readonly string[]): (text: string) => string {
    return masked(this.secretsOfCode, ...documents.map((json) => secretsOf(parseExactly(json))));
  }

  private async initialise(): Promise<void> {
    const end = await this.terraform(["init", "-json"]);
    if (end.code !== 0) {
      throw terraformFailure(`terraform init of ${this.verified.stack}`, end, this.maskOf());
    }
  }

  /** Without a plan, what is secret is known from the state that there is. */
  private async maskOfState(): Promise<(text: string) => string> {
    const { code, stdout } = await this.terraform(["show", "-json"]);
    // A state that cannot be read has no values to be told.
    return code === 0 ? this.maskOf(stdout) : this.maskOf();
  }

  private terraform(
    args: readonly string[],
    options: Parameters<typeof runTerraform>[2] = {},
  ): Promise<TerraformEnd> {
    return runTerraform(this.place, args, options);
  }
}

/** The commands by which a state that was kept takes its place. */
const howToPush = (stack: string, file: string, binary = "terraform") =>
  `put right why it could not be written; then, in a folder with the stack's code (${stackFolder(stack)} of that commit): ` +
  `${binary} init && ${binary} state push ${wordOf(file)} && rm ${wordOf(file)}. ` +
  `Apply nothing of ${stack} before: it would make the same once more`;

/** A word of a shell command. */
const wordOf = (path: string) => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

/** A run on a schedule may plan the same stack meanwhile. */
const LOCK_TIMEOUT = "-lock-timeout=60s";
