import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentFile, listEnvironments } from "../../environment/folder";
import { loadEnvironment } from "../../environment/load";
import { stackNames } from "../../environment/naming";

/** A stack as the app synthesizes it, as far as anybody reads it who asks for its name, place and order. */
export interface StackStandIn {
  readonly dependencies?: readonly string[];
  /** Default: `stacks/<name>`. */
  readonly workingDirectory?: string;
  /** Default: what the stack's name says; null is a stack that says nothing. */
  readonly metadata?: { readonly environment: string; readonly stack: string } | null;
}

/** Writes an output folder of the app. */
export function writeApp(output: string, stacks: Readonly<Record<string, StackStandIn>>): void {
  const manifest = Object.entries(stacks).map(([name, { dependencies = [], workingDirectory, metadata }]) => {
    const folder = workingDirectory ?? `stacks/${name}`;
    const skyline = metadata ?? { environment: name.split("-")[0], stack: name };
    mkdirSync(join(output, folder), { recursive: true });
    const about = { metadata: { stackName: name }, ...(metadata === null ? {} : { skyline }) };
    writeFileSync(join(output, folder, "cdk.tf.json"), JSON.stringify({ "//": about }));
    return [name, { dependencies, workingDirectory: folder }] as const;
  });
  writeFileSync(join(output, "manifest.json"), JSON.stringify({ stacks: Object.fromEntries(manifest) }));
}

/** The stacks of the project's own environments, in an order that says nothing. */
export function exampleStacks(): Record<string, StackStandIn> {
  const all = listEnvironments("environments").flatMap((name) => {
    const { clusters } = loadEnvironment(environmentFile("environments", name));
    const [network, mesh] = [stackNames.network(name), stackNames.mesh(name)];
    return [
      ...Object.keys(clusters).flatMap((cluster) => [
        [stackNames.platform(name, cluster), { dependencies: [stackNames.cluster(name, cluster)] }] as const,
        [stackNames.cluster(name, cluster), { dependencies: [mesh] }] as const,
      ]),
      [mesh, { dependencies: [network] }] as const,
      [network, {}] as const,
    ];
  });
  return Object.fromEntries(all);
}
