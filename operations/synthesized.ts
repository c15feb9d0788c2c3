import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stackNames } from "../environment/naming";
import { OperationFailure } from "./failure";

/** A synthesized stack. */
export interface SynthesizedStack {
  readonly name: string;
  /** Folder that Terraform runs in. */
  readonly folder: string;
  readonly dependencies: readonly string[];
  /** Names of the Terraform providers that it uses: `aws`, `kubernetes`. */
  readonly providers: readonly string[];
  /** Number of its resources. */
  readonly resources: number;
}

interface Manifest {
  readonly stacks: Readonly<
    Record<string, { readonly workingDirectory: string; readonly dependencies?: readonly string[] }>
  >;
}

/** The stacks of one environment among those that the app has written to `output`, in the order of their dependencies. */
export function stacksOf(output: string, environment: string): SynthesizedStack[] {
  const file = join(output, "manifest.json");
  if (!existsSync(file)) {
    throw new OperationFailure("invalid", `the app has written no ${file}`);
  }
  const manifest = JSON.parse(readFileSync(file, "utf8")) as Manifest;
  const prefix = stackNames.network(environment).slice(0, -"network".length);
  const stacks = Object.entries(manifest.stacks)
    .map(([name, { workingDirectory, dependencies = [] }]) => {
      const folder = join(output, workingDirectory);
      const code = JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8")) as {
        provider?: object;
        resource?: Record<string, object>;
      };
      const resources = Object.values(code.resource ?? {}).flatMap((ofType) => Object.keys(ofType)).length;
      return { name, folder, dependencies, providers: Object.keys(code.provider ?? {}), resources };
    })
    .filter(({ name }) =>
      ["network", "mesh", "cluster-", "platform-"].some((part) => name.startsWith(prefix + part)),
    );
  return inOrder(stacks);
}

/** Those that Terraform can apply with the AWS provider alone. */
export const awsStacks = (stacks: readonly SynthesizedStack[]) =>
  stacks.filter(({ providers }) => providers.every((provider) => provider === "aws"));

function inOrder(stacks: readonly SynthesizedStack[]): SynthesizedStack[] {
  const placed: SynthesizedStack[] = [];
  let rest = [...stacks];
  while (rest.length > 0) {
    const ready = rest.filter((stack) => !rest.some((other) => stack.dependencies.includes(other.name)));
    if (ready.length === 0) {
      throw new Error(`stacks depend on each other in a circle: ${rest.map(({ name }) => name).join(", ")}`);
    }
    placed.push(...ready);
    rest = rest.filter((stack) => !ready.includes(stack));
  }
  return placed;
}
