import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnvironment } from "../../environment/load";
import type { Environment } from "../../environment/schema";
import { addEnvironment } from "../../stacks/environment-stacks";
import { synthesize, type SynthesizedStack } from "../../testing";

const SCENARIOS = join(__dirname, "..", "scenarios");

/** A scenario is a folder: environment.yaml goes in, and everything that comes out is below expected/. */
export const scenarios = () => readdirSync(SCENARIOS).sort();

export function scenarioEnvironment(scenario: string): Environment {
  const file = join(SCENARIOS, scenario, "environment.yaml");
  const text = readFileSync(file, "utf8");
  // The file is named by its folder here, so the check of its name gets the name that it says.
  const name = /^environment: (\S+)$/m.exec(text)?.[1] ?? scenario;
  return parseEnvironment(text, `${name}.yaml`);
}

/** Stacks of a scenario by name. */
export const synthesizeScenario = (scenario: string): Record<string, SynthesizedStack> =>
  synthesize((app) => addEnvironment(app, scenarioEnvironment(scenario)));

/** Every file that a scenario comes to, by its path below expected/. */
export function render(scenario: string): Map<string, string> {
  const files = new Map<string, string>();
  const stacks = Object.entries(synthesizeScenario(scenario));
  const addresses = stacks.flatMap(([name, stack]) =>
    stack.addresses().map((address) => `${name} ${address}`),
  );
  files.set("addresses.txt", `${addresses.join("\n")}\n`);
  for (const [name, stack] of stacks) {
    files.set(`${name}.tf.json`, `${JSON.stringify(sorted(stack.code), null, 2)}\n`);
    for (const template of stack.all("aws_launch_template")) {
      files.set(join("user-data", `${String(template.name)}.txt`), userData(String(template.user_data)));
    }
    for (const map of stack.all("kubernetes_config_map_v1")) {
      for (const [file, text] of Object.entries((map.data ?? {}) as Record<string, string>)) {
        files.set(join("config", name, file), text);
      }
    }
  }
  return files;
}

/** As a node gets it, but for what Terraform puts into its places. */
function userData(encoded: string): string {
  const literal = /base64decode\("([^"]+)"\)/.exec(encoded)?.[1] ?? encoded;
  return Buffer.from(literal, "base64").toString("utf8");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, inner]) => [key, sorted(inner)]),
    );
  }
  return value;
}

const expectedFolder = (scenario: string) => join(SCENARIOS, scenario, "expected");

export function readExpected(scenario: string): Map<string, string> {
  const folder = expectedFolder(scenario);
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
  return new Map(
    files
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [file.slice(folder.length + 1), readFileSync(file, "utf8")]),
  );
}

/** Addresses that were expected and are gone: Terraform would destroy what is behind them. */
export function removedAddresses(scenario: string, files: ReadonlyMap<string, string>): string[] {
  const lines = (text: string | undefined) => (text ?? "").split("\n").filter((line) => line !== "");
  const now = new Set(lines(files.get("addresses.txt")));
  return lines(readExpected(scenario).get("addresses.txt")).filter((address) => !now.has(address));
}

/** @throws Error when an address is gone, unless that is allowed */
export function writeExpected(
  scenario: string,
  files: ReadonlyMap<string, string>,
  allowRemoved: boolean,
): void {
  const removed = removedAddresses(scenario, files);
  if (removed.length > 0 && !allowRemoved) {
    throw new Error(
      `${scenario}: these addresses are gone, and Terraform would destroy what is behind them:\n${removed.join("\n")}\n` +
        "If that is meant, say so in CHANGELOG.md and run: npm run goldens -- --allow-removed",
    );
  }
  const folder = expectedFolder(scenario);
  rmSync(folder, { recursive: true, force: true });
  for (const [file, text] of files) {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}
