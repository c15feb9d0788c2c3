import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { awaitedStacks } from "../terraform/remote-states";
import { OperationFailure } from "../failure";
import { childOf } from "../review/masked";
import { readPlan, type Plan } from "../review/plan";
import type { SynthesizedStack } from "../synthesized";
import { errorsOf, terraformFailure } from "../terraform/diagnostics";
import { masked, secretsOf, secretsOfCode } from "../terraform/secrets";
import { listOf, stateResources, type StateResource } from "./state-resources";
import type { LookingTerraform, Mask } from "./terraform";

/** What two plans tell of a stack. */
export interface StackPlans {
  /** Parsed code. */
  readonly code: unknown;
  /** Of its state against AWS: what was changed outside of Terraform, in {@link Plan.drift}. */
  readonly refreshed: Plan;
  /** Its resources as they stand. */
  readonly resources: readonly StateResource[];
  /** Of its code against its state alone: what was not applied, in {@link Plan.changes}. */
  readonly unapplied: Plan;
  /** Takes out of a text what is sensitive elsewhere in these plans: a provider may repeat it where nothing marks it. */
  readonly mask: Mask;
}

/** A stack that cannot be planned before another one is applied. */
export interface Waiting {
  readonly waitsFor: string;
}

/** No lock is taken: whoever applies meanwhile is not kept waiting, and what is seen may be half of what he does. */
const PLAN = ["plan", "-input=false", "-lock=false", "-json"];

/** A stack's code in a folder of Terraform's own, ready to be planned. */
export class PlannedFolder {
  /**
   * Copies the code and fetches the providers. One at a time: Terraform's cache of them is for one.
   *
   * @throws OperationFailure when the code cannot be read, or Terraform does not get what it asks for
   */
  static async of(terraform: LookingTerraform, stack: SynthesizedStack): Promise<PlannedFolder> {
    const { name, folder } = stack;
    const code = codeOf(stack);
    const place = await terraform.folder(name);
    await writeFile(join(place, "cdk.tf.json"), JSON.stringify(withPlaces(code, folder)), { mode: 0o600 });
    await terraform.run(place, `terraform init of ${name}`, ["init", "-input=false", "-json"]);
    return new PlannedFolder(terraform, name, code, place);
  }

  private constructor(
    private readonly terraform: LookingTerraform,
    private readonly name: string,
    private readonly code: unknown,
    private readonly place: string,
  ) {}

  /** @throws OperationFailure verification, with Terraform's errors */
  async plans(): Promise<StackPlans | Waiting> {
    const unapplied = await this.plan("code", "-refresh=false");
    if (typeof unapplied === "object") {
      return unapplied;
    }
    const refreshed = await this.plan("outside", "-refresh-only");
    if (typeof refreshed === "object") {
      return refreshed;
    }
    return {
      code: this.code,
      refreshed: readPlan(refreshed, this.name),
      resources: stateResources(refreshed, this.name),
      unapplied: readPlan(unapplied, this.name),
      mask: masked(secretsOfCode(this.code), likelySecrets(refreshed), likelySecrets(unapplied)),
    };
  }

  /** @returns `terraform show -json` of the plan */
  private async plan(file: string, mode: string): Promise<string | Waiting> {
    const what = `terraform plan of ${this.name}`;
    const mask = masked(secretsOfCode(this.code));
    const end = await this.terraform.end(this.place, [...PLAN, mode, `-out=${file}`]);
    if (end.code !== 0) {
      const [waitsFor] = awaitedStacks(errorsOf(end.stdout), this.code);
      if (waitsFor === undefined) throw terraformFailure(what, end, mask);
      return { waitsFor };
    }
    return this.terraform.run(this.place, what, ["show", "-json", file], mask);
  }
}

/** Shorter ones are words, such as the name of the active cluster, which its parameter's value is. */
const SHORTEST_SECRET = 8;

/** What is sensitive of the resources that a plan is about. Data is not among it: an image's id is no secret. */
function likelySecrets(text: string): ReadonlySet<string> {
  const plan: unknown = JSON.parse(text);
  const changes = ["resource_changes", "resource_drift"].flatMap((name) => listOf(childOf(plan, name)));
  const secrets = secretsOf(changes.filter((one) => childOf(one, "mode") === "managed"));
  return new Set([...secrets].filter(({ length }) => length >= SHORTEST_SECRET));
}

function codeOf({ name, folder }: SynthesizedStack): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8"));
  } catch {
    throw new OperationFailure(
      "invalid",
      `the code of ${name} in ${folder} cannot be read`,
      "synthesize again",
    );
  }
}

/** States in local files are named from the stack's folder: in another one they would not be found. */
function withPlaces(code: unknown, folder: string): unknown {
  const moved = structuredClone(code);
  const local = ["terraform", "backend", "local"].reduce<unknown>(childOf, moved);
  const states = ["data", "terraform_remote_state"].reduce<unknown>(childOf, moved);
  const configs = Object.values(states ?? {})
    .filter((state) => childOf(state, "backend") === "local")
    .map((state) => childOf(state, "config"));
  for (const config of [local, ...configs]) {
    const path = childOf(config, "path");
    if (typeof path === "string") (config as { path: string }).path = resolve(folder, path);
  }
  return moved;
}
