import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Workflow {
  readonly on: unknown;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<string, { readonly steps: readonly Step[]; readonly permissions?: unknown }>
  >;
}

const textOf = (name: string) => readFileSync(join("examples", "atlantis", name), "utf8");
const workflow = (name: string) => parse(textOf(name)) as Workflow;
const stepsOf = (name: string) => Object.values(workflow(name).jobs).flatMap(({ steps }) => steps);
const both = ["synth.yml", "publish.yml"];

test("the job that runs a pull request's code has no secret, and a token that only reads", () => {
  const { on, permissions, jobs } = workflow("synth.yml");
  // pull_request_target would give it the repository's secrets.
  expect(on).toBe("pull_request");
  expect(permissions).toEqual({ contents: "read" });
  expect(Object.values(jobs).map((job) => job.permissions)).toEqual([undefined]);
  expect(textOf("synth.yml")).not.toMatch(/secrets\.|id-token|github\.token/);
});

test("the job that has the store's token runs the default branch's code, and takes the commit from the event", () => {
  const { on, permissions } = workflow("publish.yml");
  expect(on).toEqual({ workflow_run: { workflows: ["synth"], types: ["completed"] } });
  expect(permissions).toEqual({ contents: "read", actions: "read" });
  const checkout = stepsOf("publish.yml").find(({ uses }) => uses?.startsWith("actions/checkout@"));
  expect(checkout?.with).toEqual({ "persist-credentials": false });
});

test.each(both)(
  "%s runs no scripts of packages, pins its actions, and leaves no token in the clone",
  (name) => {
    const steps = stepsOf(name);
    expect(steps.flatMap(({ run = "" }) => run.match(/npm ci.*/) ?? [])).toEqual(["npm ci --ignore-scripts"]);
    expect(
      steps.flatMap(({ uses = [] }) => uses).every((uses) => /^actions\/[\w-]+@[0-9a-f]{40}$/.test(uses)),
    ).toBe(true);
    const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.map((step) => step.with?.["persist-credentials"])).toEqual([false]);
  },
);

test.each(both)("%s puts nothing that a pull request names into a shell", (name) => {
  expect(stepsOf(name).flatMap(({ run = "" }) => run.match(/\$\{\{.*/) ?? [])).toEqual([]);
});
