import { spawn } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Document } from "yaml";
import type { PullRequest } from "../support/atlantis";
import { SEEDED_SECRET } from "../support/platform-stand-in";
import { PullRequestWorld } from "../support/pull-request-world";
import { waitUntil } from "../support/process";

jest.setTimeout(600_000);

/**
 * A pull request as Atlantis plays it: a git repository, commands out of the generated files, states in the emulator's
 * bucket. Atlantis itself is not there; test/support/atlantis.ts says what of it is.
 */
let world: PullRequestWorld;

beforeAll(async () => {
  world = await PullRequestWorld.start();
  await world.apply(world.names.network);
});

afterAll(() => world?.stop());

const natPerZone = (document: Document) => document.setIn(["network", "nat"], "per-zone");
const recordOf = (planFile: string) => `${planFile}.skyline.json`;
/** A step that ended well; what it said stands in the failure of one that did not. */
const DONE = { code: 0, text: expect.any(String) as string };
const approved = (pull: PullRequest): PullRequest => ({ ...pull, approved: true });

/** Nothing of what a step has worked with is left. */
const expectNothingLeft = () => expect(readdirSync(world.temporary)).toEqual([]);

/** What Atlantis has shown, of all pull requests. */
const shown: string[] = [];

async function plan(pull: PullRequest, stack: string) {
  const comment = await world.atlantis.plan(pull, stack);
  shown.push(comment.text);
  expectNothingLeft();
  return comment;
}

async function apply(pull: PullRequest, stack: string) {
  const comment = await world.atlantis.apply(pull, stack);
  shown.push(comment.text);
  expectNothingLeft();
  return comment;
}

async function published(pull: PullRequest): Promise<PullRequest> {
  expect(await world.synthJob(pull.head)).toEqual(DONE);
  return pull;
}

interface NatGateways {
  readonly NatGateways: readonly { readonly State: string; readonly NatGatewayId: string }[];
}

const natGateways = async () =>
  (await world.aws<NatGateways>(["ec2", "describe-nat-gateways"])).NatGateways.filter(
    ({ State }) => State === "available",
  );

describe("a change of the network", () => {
  const stack = () => world.names.network;
  let pull: PullRequest;
  let planFile: string;

  beforeAll(async () => {
    pull = await published(await world.open(natPerZone));
  });

  test("is planned from the bundle of the head commit, and the comment is the review", async () => {
    const comment = await plan(pull, stack());
    expect(comment).toEqual(DONE);
    expect(comment.text).toMatch(/^<!-- skyline: markdown -->\n\n/);
    expect(comment.text).toMatch(/\nPlan: 4 to add, 2 to change, 0 to destroy\.\n$/);
    expect(comment.text).toContain("aws_nat_gateway");
    planFile = world.atlantis.planFile(pull, stack());
    for (const file of [planFile, recordOf(planFile)]) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    expect(JSON.parse(readFileSync(recordOf(planFile), "utf8"))).toMatchObject({
      stack: stack(),
      commit: pull.head,
      status: "planned",
    });
    expect(await world.isLocked(stack())).toBe(false);
  });

  test("is not applied before people have approved it", async () => {
    expect(await apply(pull, stack())).toMatchObject({ code: 1 });
  });

  test("given a head that is another one since the review, then it is not applied", async () => {
    const moved = approved({ ...pull, head: "0".repeat(40) });
    const { code, text } = await apply(moved, stack());
    expect(code).toBe(5);
    expect(text).toContain(
      `the reviewed plan is of commit ${pull.head}; the pull request is at ${moved.head}`,
    );
  });

  test.each<[string, (file: string) => void, string]>([
    ["plan file", (file) => appendFileSync(file, "x"), "the plan file that was reviewed was changed"],
    ["record", (file) => appendFileSync(recordOf(file), "{}"), "the record of the reviewed plan was changed"],
    [
      "record's digest",
      (file) => {
        const record = JSON.parse(readFileSync(recordOf(file), "utf8")) as object;
        writeFileSync(recordOf(file), JSON.stringify({ ...record, digest: `sha256:${"0".repeat(64)}` }));
      },
      "the record of the reviewed plan was changed",
    ],
  ])("given a %s that was changed, then it is not applied", async (_, change, says) => {
    const files = [planFile, recordOf(planFile)];
    const before = files.map((file) => readFileSync(file));
    change(planFile);
    const { code, text } = await apply(approved(pull), stack());
    files.forEach((file, index) => writeFileSync(file, before[index]!));
    expect({ code, text }).toEqual({ code: 5, text: expect.stringContaining(says) });
  });

  test("given another bundle of the same commit, then it is not applied", async () => {
    const other = world.at("other-store");
    mkdirSync(other);
    const change = (code: string) => code.replaceAll("10.10.0.0/16", "10.10.0.0/17");
    expect(await world.synthJob(pull.head, { store: other, change })).toMatchObject({ code: 0 });
    const bundle = join(world.store, `${pull.head}.json`);
    const before = readFileSync(bundle);
    cpSync(join(other, `${pull.head}.json`), bundle, { force: true });
    const { code, text } = await apply(approved(pull), stack());
    writeFileSync(bundle, before);
    expect(code).toBe(5);
    expect(text).toContain(`the bundle of commit ${pull.head} is not the one that was reviewed`);
  });

  test("given a change outside since the review, then the difference is told and nothing is applied", async () => {
    const before = await world.state(stack());
    const { RouteTables: tables } = await world.aws<{
      RouteTables: { RouteTableId: string; Routes: { NatGatewayId?: string }[]; Tags: { Value: string }[] }[];
    }>(["ec2", "describe-route-tables"]);
    const table = tables.find(
      ({ Routes, Tags }) =>
        Routes.some(({ NatGatewayId }) => NatGatewayId !== undefined) &&
        Tags.some(({ Value }) => Value.endsWith("b")),
    )!;
    const { InternetGateways: gateways } = await world.aws<{
      InternetGateways: { InternetGatewayId: string }[];
    }>(["ec2", "describe-internet-gateways"]);
    const nat = table.Routes.find(({ NatGatewayId }) => NatGatewayId !== undefined)!.NatGatewayId!;
    const route = { "--route-table-id": table.RouteTableId, "--destination-cidr-block": "0.0.0.0/0" };
    const internet = gateways[0]!.InternetGatewayId;
    await world.aws(["ec2", "replace-route"], { ...route, "--gateway-id": internet });

    const { code, text } = await apply(approved(pull), stack());
    expect(code).toBe(5);
    expect(text).toContain("is not the one that was reviewed");
    expect(text).toMatch(new RegExp(`aws_route\\.\\S+: gateway_id: .*"${internet}"`));
    expect(await world.state(stack())).toBe(before);
    expect(await natGateways()).toHaveLength(1);

    await world.aws(["ec2", "replace-route"], { ...route, "--nat-gateway-id": nat });
  });

  test("given arguments in the comment, then the steps refuse them", async () => {
    const step = world.atlantis.command("apply", pull, stack());
    const child = spawn("sh", ["-c", step.command], {
      cwd: step.cwd,
      env: { ...step.env, COMMENT_ARGS: "\\-\\t\\a\\r\\g\\e\\t\\=\\x" },
      stdio: "ignore",
    });
    const code = await new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
    expect(code).toBe(4);
  });

  test("is applied as it was reviewed, and its second plan is empty", async () => {
    const { code, text } = await apply(approved(pull), stack());
    expect({ code, text }).toEqual(DONE);
    expect(text).toMatch(/^created {2}aws_(eip|nat_gateway)\./);
    expect(text).toMatch(
      /\nApplied the plan of development-network that was reviewed: 4 added, 2 changed, 0 destroyed\.\n$/,
    );
    expect(await natGateways()).toHaveLength(3);
    expect([planFile, recordOf(planFile)].filter(existsSync)).toEqual([]);
    const again = await plan(pull, stack());
    expect(again.text).toMatch(/\nNo changes\. Your infrastructure matches the configuration\.\n$/);
    expect(await apply(approved(pull), stack())).toMatchObject({
      code: 0,
      text: expect.stringContaining("Nothing to apply"),
    });
    await world.merge(pull);
  });
});

describe("a plan step that is ended", () => {
  test("leaves no lock, no record, no plan and no folder", async () => {
    const { network } = world.names;
    const pull = await published(
      await world.open((document) => document.setIn(["network", "nat"], "single")),
    );
    expect(await plan(pull, network)).toEqual(DONE);
    const step = world.atlantis.command("plan", pull, network);
    const child = spawn("sh", ["-c", `exec ${step.command}`], { ...step, stdio: "pipe" });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    const ended = new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
    await waitUntil(
      "Terraform holds the lock",
      async () => expect(await world.isLocked(network)).toBe(true),
      {
        timeoutMs: 120_000,
        pollMs: 20,
      },
    );
    child.kill("SIGTERM");
    expect(await ended).toBe(143);
    expect(text).toContain("was interrupted");
    expect(await world.isLocked(network)).toBe(false);
    const planFile = world.atlantis.planFile(pull, network);
    expect([planFile, recordOf(planFile)].filter(existsSync)).toEqual([]);
    expectNothingLeft();
  });
});

/**
 * Its platform stack is the app's own but for its provider, of which there is none here: test/support/platform-stand-in.ts
 * makes `terraform_data` of its resources, and the server's trust file has no Kubernetes provider.
 */
describe("a new cluster", () => {
  let pull: PullRequest;
  const planFile = (stack: string) => world.atlantis.planFile(pull, stack);

  beforeAll(async () => {
    pull = await published(
      await world.open((document) => {
        const bravo = (document.getIn(["clusters", "bravo"]) as { toJSON(): object }).toJSON();
        const charlie = { ...bravo, role: "passive", serviceCidr: "172.21.0.0/16" };
        document.setIn(["clusters", "charlie"], document.createNode(charlie));
      }),
    );
  });

  test("is planned, and its platform waits for it", async () => {
    const { cluster, platform } = world.names;
    const comment = await plan(pull, cluster);
    expect(comment).toEqual(DONE);
    expect(comment.text).toMatch(/\nPlan: \d+ to add, 0 to change, 0 to destroy\.\n$/);
    const waiting = await plan(pull, platform);
    expect(waiting).toEqual(DONE);
    expect(waiting.text).toMatch(/^<!-- skyline: markdown -->\n/);
    expect(waiting.text).toContain(cluster);
    expect(waiting.text).toMatch(/wait/i);
    expect(waiting.text).not.toMatch(/^(Plan:|No changes)/m);
    expect(existsSync(planFile(platform))).toBe(false);
    expect(JSON.parse(readFileSync(recordOf(planFile(platform)), "utf8"))).toMatchObject({
      status: "waits",
      waitsFor: cluster,
    });
    expect(await apply(approved(pull), platform)).toMatchObject({
      code: 1,
      text: expect.stringContaining("unless you apply its dependencies"),
    });
  });

  test("is applied; then its platform has a plan of its own to be reviewed, and that one is applied", async () => {
    const { cluster, platform } = world.names;
    expect(await apply(approved(pull), cluster)).toEqual(DONE);
    const early = await apply(approved(pull), platform);
    expect(early.code).toBe(4);
    expect(early.text).toContain(`${platform} was not planned yet: it waits for ${cluster}`);

    const reviewed = await plan(pull, platform);
    expect(reviewed).toEqual(DONE);
    expect(reviewed.text).toMatch(/\nPlan: \d+ to add, 0 to change, 0 to destroy\.\n$/);
    const record = readFileSync(recordOf(planFile(platform)), "utf8");
    expect(record).not.toContain(SEEDED_SECRET);
    expect(await apply(approved(pull), platform)).toEqual(DONE);
    expect((await plan(pull, platform)).text).toContain("No changes. Your infrastructure matches");
    expect(await world.state(platform)).toContain("kubernetes_daemon_set_v1");
  });
});

test("a secret of the code is in no output", async () => {
  expect(await world.state(world.names.platform)).toContain(SEEDED_SECRET);
  expect(shown.filter((text) => text.includes(SEEDED_SECRET))).toEqual([]);
});
