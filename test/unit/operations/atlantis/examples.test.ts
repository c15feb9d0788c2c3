import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Workflow {
  readonly on: unknown;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<string, { readonly if?: string; readonly steps: readonly Step[]; readonly permissions?: unknown }>
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
  expect(permissions).toEqual({ contents: "read", actions: "read", "pull-requests": "read" });
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

describe("the job that publishes", () => {
  const DEFAULT = { number: 7, state: "open", base: { ref: "main" }, head: { sha: "abc" } };
  const elsewhere = { ...DEFAULT, number: 8, base: { ref: "mallory/base" } };
  const retargeted = (at: string) => [{ event: "labeled" }, { event: "base_ref_changed", created_at: at }];
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "skyline-publish-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs the step as GitHub does, with a gh that answers from files: one page after the other, as --slurp gives them. */
  function publishes(pulls: readonly object[], events: readonly object[] = []): boolean {
    const step = stepsOf("publish.yml")[0];
    writeFileSync(join(folder, "pulls"), JSON.stringify(pulls.map((pull) => [pull])));
    writeFileSync(join(folder, "events"), JSON.stringify([events]));
    const gh = `#!/bin/sh\ncase "$*" in *issues*) cat "${folder}/events" ;; *) cat "${folder}/pulls" ;; esac\n`;
    writeFileSync(join(folder, "gh"), gh, { mode: 0o755 });
    const { status, error } = spawnSync("bash", ["-e", "-c", step?.run ?? "exit 99"], {
      env: {
        ...{ PATH: `${folder}:${process.env.PATH}`, RUNNER_TEMP: folder, REPOSITORY: "example/platform" },
        ...{ HEAD: "example:change", BASE: "main", COMMIT: "abc", STARTED: "2026-01-02T00:00:00Z" },
      },
    });
    if (error !== undefined || ![0, 1].includes(status ?? -1)) {
      throw new Error(`the step ended with ${status}`, { cause: error });
    }
    return status === 0;
  }

  test("goes by a pull request, and asks where the branch goes before anything else", () => {
    expect(workflow("publish.yml").jobs.publish?.if).toContain(
      "github.event.workflow_run.event == 'pull_request' &&",
    );
    expect(stepsOf("publish.yml")[0]?.name).toBe(
      "every pull request of the branch goes to the default branch",
    );
  });

  test("does so for the one pull request of the commit", () => {
    expect(publishes([DEFAULT])).toBe(true);
    expect(publishes([DEFAULT, { ...DEFAULT, number: 3, state: "closed", head: { sha: "old" } }])).toBe(true);
    expect(publishes([DEFAULT], retargeted("2026-01-01T23:59:59Z"))).toBe(true);
  });

  test.each<[string, readonly object[], readonly object[]]>([
    ["there is none", [], []],
    ["it has another head by now", [{ ...DEFAULT, head: { sha: "def" } }], []],
    ["it is closed", [{ ...DEFAULT, state: "closed" }], []],
    ["it goes elsewhere", [elsewhere], []],
    ["a second one goes elsewhere", [DEFAULT, elsewhere], []],
    ["a closed one went elsewhere", [DEFAULT, { ...elsewhere, state: "closed", head: { sha: "old" } }], []],
    ["one was sent elsewhere since", [DEFAULT], retargeted("2026-01-02T00:00:01Z")],
  ])("does nothing when %s", (_what, pulls, events) => {
    expect(publishes(pulls, events)).toBe(false);
  });
});
