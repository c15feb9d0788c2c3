import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Code {
  resource?: Record<string, Record<string, { depends_on?: string[] }>>;
  provider: Record<string, unknown>;
  terraform: { required_providers?: Record<string, unknown> };
  variable?: Record<string, unknown>;
}

/** A value that nobody is to see: the stack has it as the default of a sensitive variable. */
export const SEEDED_SECRET = "seeded-s3cret-0f3a";

/**
 * Turns what synthesized platform stacks have of the Kubernetes provider into `terraform_data`: no program of that
 * provider is to be had where these tests run, and no emulated cluster has an API server. Each resource stays, with its
 * content as input and its dependencies; the provider's settings, which come from the cluster's state, become the input
 * of one more. `terraform_data` is built into Terraform: state, plan and apply are real.
 */
export function standInPlatforms(output: string): void {
  const stacks = join(output, "stacks");
  for (const stack of readdirSync(stacks).filter((name) => name.includes("-platform-"))) {
    standIn(join(stacks, stack, "cdk.tf.json"));
  }
}

function standIn(file: string): void {
  const code = JSON.parse(readFileSync(file, "utf8")) as Code;
  const name = (address: string) => address.replace(".", "_");
  const resources = Object.entries(code.resource ?? {}).flatMap(([type, byName]) =>
    Object.entries(byName).map(([id, { depends_on: before = [], ...content }]) => {
      const dependencies = before.map((address) => `terraform_data.${name(address)}`);
      return [name(`${type}.${id}`), { input: content, depends_on: dependencies }] as const;
    }),
  );
  const more = {
    "kubernetes-provider": { input: code.provider.kubernetes },
    token: { input: "${var.token}" },
  };
  const changed = {
    ...code,
    provider: undefined,
    terraform: { ...code.terraform, required_providers: undefined },
    variable: { token: { type: "string", sensitive: true, default: SEEDED_SECRET } },
    resource: { terraform_data: { ...Object.fromEntries(resources), ...more } },
  };
  writeFileSync(file, JSON.stringify(changed, undefined, 2));
}
