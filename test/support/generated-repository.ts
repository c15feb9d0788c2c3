import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { generate, type GenerateOptions } from "../../operations/atlantis/generate/generate";
import { OperationFailure } from "../../operations/failure";
import { exampleStacks, writeApp, type StackStandIn } from "./synthesized-app";

/** What a person gives the first time. */
export const FIRST = {
  repository: "github.com/example/platform",
  store: "https://artefacts.example.internal/skyline",
};

/** Repositories with the project's own environment files and their stacks synthesized, removed after the tests. */
export function repositories(): (stacks?: Readonly<Record<string, StackStandIn>>) => string {
  const made: string[] = [];
  afterAll(() => made.forEach((folder) => rmSync(folder, { recursive: true })));
  return (stacks = exampleStacks()) => {
    const repository = mkdtempSync(join(tmpdir(), "skyline-atlantis-"));
    made.push(repository);
    cpSync("environments", join(repository, "environments"), { recursive: true });
    writeApp(join(repository, "cdktf.out"), stacks);
    return repository;
  };
}

export const generateIn = (output: string, more: Partial<GenerateOptions> = {}) =>
  generate({
    ...{ output, directory: "environments", stacks: join(output, "cdktf.out"), first: FIRST, dryRun: false },
    ...more,
  });

export const textIn = (repository: string, path: string) => readFileSync(join(repository, path), "utf8");
export const yamlIn = (repository: string, path: string): unknown => parse(textIn(repository, path));

/** A project of `atlantis.yaml`. */
export interface Project {
  readonly name: string;
  readonly dir: string;
  readonly execution_order_group: number;
  readonly depends_on?: readonly string[];
}
export const projectsOf = (repository: string) =>
  (yamlIn(repository, "atlantis.yaml") as { projects: Project[] }).projects;

/** Writes a settings file with these lines beside what it wants. */
export function writeSettings(repository: string, more: string): void {
  mkdirSync(join(repository, "atlantis"), { recursive: true });
  const text = `schemaVersion: 1\nrepository: ${FIRST.repository}\nstore: ${FIRST.store}\n${more}`;
  writeFileSync(join(repository, "atlantis/settings.yaml"), text);
}

/** What an operation failed with. */
export function failureOf(action: () => unknown): OperationFailure {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(OperationFailure);
    return error as OperationFailure;
  }
  throw new Error("did not fail");
}
