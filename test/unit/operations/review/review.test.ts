import { App } from "cdktf";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { defineEnvironment } from "../../../../environment/define";
import type { EnvironmentInput } from "../../../../environment/schema";
import { identityOfInput, reviewOf, type ReviewInput } from "../../../../operations/review/review";
import { identityOf } from "../../../../operations/review/stack";
import { addEnvironment } from "../../../../stacks/environment-stacks";
import {
  changeAt,
  fixture,
  inputsOf,
  meaningsOf,
  planWith,
  read,
  remove,
  reviewed,
  role,
  scenarios,
  update,
  type ChangeDocument,
} from "./plans";

const REPOSITORY = join(__dirname, "..", "..", "..", "..");

/** Code of the example environment's stacks, as the app writes it. */
let code: ReadonlyMap<string, { resource: Record<string, Record<string, Record<string, unknown>>> }>;

beforeAll(() => {
  const outdir = mkdtempSync(join(tmpdir(), "skyline-review-"));
  try {
    const file = readFileSync(join(REPOSITORY, "environments", "development.yaml"), "utf8");
    const app = new App({ outdir });
    addEnvironment(app, defineEnvironment(parse(file) as EnvironmentInput));
    app.synth();
    const names = ["network", "mesh", "cluster-alpha", "cluster-bravo"].map((name) => `development-${name}`);
    const textOf = (name: string) => readFileSync(join(outdir, "stacks", name, "cdk.tf.json"), "utf8");
    code = new Map(names.map((name) => [name, JSON.parse(textOf(name)) as never]));
  } finally {
    rmSync(outdir, { recursive: true });
  }
});

const codeOf = (stack: string) => JSON.parse(JSON.stringify(code.get(`development-${stack}`))) as never;

describe("a review", () => {
  test("is the same bytes for the same plans, in whatever order they come", () => {
    for (const scenario of scenarios()) {
      const inputs = inputsOf(scenario);
      expect(JSON.stringify(reviewOf([...inputs].reverse()))).toBe(JSON.stringify(reviewOf(inputs)));
    }
  });

  test("has networks first, destroys first, and counts", () => {
    const { stacks } = reviewOf([
      ...inputsOf("removal-of-an-active-cluster"),
      {
        stack: "development-platform-bravo",
        plan: null,
        waitsFor: "development-cluster-bravo",
        digest: "sha256:1",
      },
    ]);
    expect(
      stacks.map(({ stack, kind, cluster, state, waitsFor }) => [stack, kind, cluster, state, waitsFor]),
    ).toEqual([
      ["development-network", "network", null, "changes", null],
      ["development-cluster-alpha", "cluster", "alpha", "changes", null],
      ["development-cluster-bravo", "cluster", "bravo", "changes", null],
      ["development-platform-bravo", "platform", "bravo", "waits", "development-cluster-bravo"],
    ]);
    expect(stacks[1]).toMatchObject({
      environment: "development",
      counts: { delete: 82, create: 0 },
      digest: null,
    });
    expect(stacks[1]?.resources[0]).toMatchObject({
      action: "delete",
      reason: "it is not in the code any more",
      attributes: [],
    });
    expect(stacks[2]?.outputs).toEqual([
      {
        path: "cluster_role",
        before: { kind: "value", json: '"passive"' },
        after: { kind: "value", json: '"active"' },
      },
    ]);
    expect(stacks[3]?.digest).toBe("sha256:1");

    const [network] = reviewOf(inputsOf("other-network")).stacks;
    const actions = network?.resources.map(({ action }) => action) ?? [];
    expect(actions.indexOf("update")).toBe(actions.lastIndexOf("replace") + 1);
    expect(network?.resources.find(({ type }) => type === "aws_vpc")).toMatchObject({
      forcedBy: ["cidr_block"],
      attributes: expect.arrayContaining([
        expect.objectContaining({ path: "cidr_block", after: { kind: "value", json: '"10.12.0.0/16"' } }),
      ]),
    });
  });

  test("does not speak of nothing that becomes empty, but where it is all there is", () => {
    const attributes = (after: object) =>
      reviewed("no-change", "mesh", (plan) => {
        update(changeAt(plan, "aws_lb"), after);
      }).stacks[0]?.resources[0]?.attributes.map(({ path }) => path);
    expect(attributes({ note: "", list: [], idle_timeout: 7 })).toEqual(["idle_timeout"]);
    expect(attributes({ note: "", list: [] })).toEqual(["list", "note"]);
  });

  test("refuses a stack that comes twice, one that is none, and code of another one", () => {
    const [network] = inputsOf("no-change") as [ReviewInput];
    expect(() => reviewOf([network, network])).toThrow(/is given twice/);
    expect(() => reviewOf([{ ...network, stack: "elsewhere" }])).toThrow(/is no stack of an environment/);
    expect(() => reviewOf([{ ...network, environment: "staging" }])).toThrow(/environment staging/);
    expect(() => reviewOf([{ ...network, code: codeOf("mesh") }])).toThrow(/is of "development-mesh"/);
    const odd = { "//": { skyline: { stack: network.stack, environment: "development", exemptions: [{}] } } };
    expect(() => reviewOf([{ ...network, code: odd }])).toThrow(/not what Skyline writes there/);
  });

  test("knows a stack by its name, and its environment by who says it", () => {
    expect(identityOf("dev-cluster-x-cluster-y")).toMatchObject({
      environment: "dev",
      cluster: "x-cluster-y",
    });
    expect(identityOf("dev-cluster-x-cluster-y", "dev-cluster-x")).toMatchObject({
      kind: "cluster",
      cluster: "y",
    });
    expect(identityOf("dev-network-mesh")).toMatchObject({
      environment: "dev-network",
      kind: "mesh",
      cluster: null,
    });
    expect(identityOf("a-b-platform-c")).toMatchObject({
      environment: "a-b",
      kind: "platform",
      cluster: "c",
    });
    for (const name of ["network", "-network", "dev-cluster-", "dev-other", "__proto__"]) {
      expect(() => identityOf(name)).toThrow();
    }
  });

  test("takes a stack's environment from its code", () => {
    const metadata = (stack: string) => ({
      "//": { skyline: { environment: "dev-cluster", stack, exemptions: [] } },
    });
    const input = { stack: "dev-cluster-mesh", plan: null, code: metadata("dev-cluster-mesh") };
    expect(identityOfInput(input)).toMatchObject({ environment: "dev-cluster", kind: "mesh" });
    expect(identityOfInput({ stack: "dev-cluster-mesh", plan: null })).toMatchObject({ environment: "dev" });
    expect(reviewOf([input]).stacks).toMatchObject([{ environment: "dev-cluster", kind: "mesh" }]);
  });

  test("of a plan that only refreshes says what an apply takes into the state", () => {
    const drifted = planWith(
      { before: { a: 1, b: "" }, after: { a: 2, b: null } },
      { address: "aws_eip.gone", type: "aws_eip", actions: ["delete"], before: { a: 1 } },
      { address: "aws_eip.same", type: "aws_eip", before: { tags: {} }, after: { tags: null } },
    ).resource_changes;
    const stays = planWith({ actions: ["no-op"], before: { a: 2 }, after: { a: 2 } }).resource_changes;
    const of = (parts: object) =>
      reviewOf([{ stack: "development-network", plan: read({ ...planWith(), ...parts }) }]);
    const review = of({ resource_changes: stays, resource_drift: drifted, applyable: true });
    expect(review).toMatchObject({
      verdict: "attention",
      stacks: [{ state: "changes", drift: ["aws_eip.gone", "aws_vpc.vpc"], resources: [] }],
    });
    expect(meaningsOf(review, "drift-recorded")).toMatchObject(
      [
        {
          severity: "attention",
          address: "aws_eip.gone",
          text: /was deleted outside.*takes this into the state/,
        },
        { severity: "attention", address: "aws_vpc.vpc", text: /^a was changed.*takes this into the state/ },
      ].map((one) => ({ ...one, text: expect.stringMatching(one.text) })),
    );
    // Terraform itself says that there is nothing to apply.
    const quiet = of({ resource_changes: stays, resource_drift: drifted, applyable: false });
    expect(quiet).toMatchObject({ verdict: "none", stacks: [{ state: "none", drift: [] }] });
    // Beside changes it is what AWS has added to what was made.
    const busy = planWith({ address: "aws_eip.new", actions: ["create"], after: {} }).resource_changes;
    const beside = of({ resource_changes: busy, resource_drift: drifted });
    expect(meaningsOf(beside, "drift-recorded")).toEqual([]);
  });

  test("of a cluster that waits does not know where costs go", () => {
    const waiting = (stack: string) =>
      reviewOf([...inputsOf("new-cluster"), { stack, plan: null }]).cost.direction;
    expect(waiting("development-platform-bravo")).toBe("more");
    expect(waiting("development-cluster-charlie")).toBe("unknown");
  });
});

describe("the picture", () => {
  test("has each cluster before and after, with the dial's weights", () => {
    const [pictures] = reviewOf(inputsOf("removal-of-an-active-cluster"), {
      weights: { development: { alpha: 90, bravo: 10, charlie: 0 } },
    }).pictures;
    const alpha = { name: "alpha", role: "active", kind: "self-managed", version: "1.34.2", weight: 90 };
    const bravo = { name: "bravo", role: "passive", kind: "eks", version: "1.35", weight: 10 };
    const charlie = { name: "charlie", role: null, kind: null, version: null, weight: 0 };
    expect(pictures).toEqual({
      before: { environment: "development", gateways: true, clusters: [alpha, bravo, charlie] },
      after: {
        environment: "development",
        gateways: true,
        clusters: [{ ...alpha, role: "removed" }, { ...bravo, role: "active" }, charlie],
      },
    });
  });

  test("has a new cluster after, and a version that goes up", () => {
    const [made] = reviewOf(inputsOf("new-cluster")).pictures;
    expect(made?.before.clusters.map(({ name }) => name)).toEqual(["alpha"]);
    expect(made?.after.clusters.map(({ name, weight }) => [name, weight])).toEqual([
      ["alpha", null],
      ["bravo", null],
    ]);
    const [upgraded] = reviewOf(inputsOf("version-upgrade")).pictures;
    expect([upgraded?.before, upgraded?.after].map((side) => side?.clusters[0]?.version)).toEqual([
      "1.35",
      "1.36",
    ]);
  });

  test("has gateways before and after the mesh has them", () => {
    const gone = reviewed("no-change", "mesh", (plan) =>
      remove(changeAt(plan, "aws_autoscaling_group", "gateways")),
    ).pictures[0];
    expect([gone?.before.gateways, gone?.after.gateways]).toEqual([true, false]);
    const [none] = reviewOf([{ stack: "development-mesh", plan: read(planWith()) }]).pictures;
    expect(none?.before.gateways).toBe(false);
  });

  test("has no gateways where the mesh waits, nor where the network is made first", () => {
    const network = (actions: string[]): ReviewInput => ({
      stack: "development-network",
      plan: read(planWith({ actions, before: actions[0] === "create" ? null : {}, after: {} })),
    });
    const gateways = (...inputs: ReviewInput[]) => {
      const [picture] = reviewOf(inputs).pictures;
      return [picture?.before.gateways, picture?.after.gateways];
    };
    const waits = { stack: "development-mesh", plan: null, waitsFor: "development-network" };
    expect(gateways(network(["create"]), waits)).toEqual([false, false]);
    expect(gateways(network(["create"]))).toEqual([false, false]);
    expect(gateways(network(["update"]), waits)).toEqual([false, false]);
    expect(gateways(network(["update"]), { ...waits, stack: "other-mesh" })).toEqual([true, true]);
    expect(gateways(network(["update"]))).toEqual([true, true]);
  });

  test("keeps a removed cluster to which the dial still sends traffic", () => {
    const after = (alpha: number) =>
      reviewOf(inputsOf("removal-of-an-active-cluster"), {
        weights: { development: { alpha, bravo: 100 - alpha } },
      }).pictures[0]?.after.clusters.map(({ name, role, weight }) => [name, role, weight]);
    expect(after(100)).toEqual([
      ["alpha", "removed", 100],
      ["bravo", "active", 0],
    ]);
    expect(after(0)).toEqual([["bravo", "active", 100]]);
  });

  test("and the facts know names of what every object inherits as names like others", () => {
    const weights = JSON.parse('{"development": {"__proto__": 5}, "__proto__": {"alpha": 7}}') as never;
    const [pictures] = reviewed("no-change", "cluster-alpha", undefined, { weights }).pictures;
    const own = Object.getOwnPropertyDescriptor(weights, "development")?.value as Record<string, number>;
    expect(Object.keys(own)).toEqual(["__proto__"]);
    expect(pictures?.before.clusters.map(({ name, weight }) => [name, weight])).toEqual([
      ["__proto__", 5],
      ["alpha", 0],
    ]);
    expect(reviewed("no-change", "mesh", undefined, { weights: {} }).pictures[0]?.before.clusters).toEqual(
      [],
    );
  });
});

describe("the direction of costs", () => {
  const cost = (scenario: string) => {
    const { direction, items } = reviewOf(inputsOf(scenario)).cost;
    return [direction, ...items.map((item) => `${item.direction} ${item.count} ${item.what}`)];
  };

  test.each([
    ["no-change", ["same"]],
    ["gateway-roll", ["same"]],
    ["new-cluster", ["more", "more 1 EKS control plane", "more 1 KMS key", "more 3 m7i.xlarge"]],
    [
      "removal-of-an-active-cluster",
      [
        ...["less", "less 60 GiB of gp3", "less 1 KMS key", "less 1 load balancer"],
        ...["less 6 m7i.large", "less 3 m7i.xlarge"],
      ],
    ],
    ["etcd-and-controllers", ["more", "less 3 m7i.large", "more 3 m7i.xlarge"]],
    ["other-network", ["same"]],
  ])("of %s is %j", (scenario, expected) => {
    expect(cost(scenario)).toEqual(expected);
  });

  const change = (
    type: string,
    before: object | null,
    after: object | null,
  ): Partial<ChangeDocument & ChangeDocument["change"]> => ({
    ...{ address: `${type}.x`, type, before, after },
    actions: [before === null ? "create" : after === null ? "delete" : "update"],
  });

  test.each([
    ["a NAT gateway more", [change("aws_nat_gateway", null, {})], ["more", "more 1 NAT gateway"]],
    [
      "a volume that grows",
      [change("aws_ebs_volume", { type: "gp3", size: 20 }, { type: "gp3", size: 50 })],
      ["more", "more 30 GiB of gp3"],
    ],
    [
      "resolver endpoints",
      [change("aws_route53_resolver_endpoint", null, { ip_address: [{}, {}, {}] })],
      ["more", "more 3 resolver address"],
    ],
    [
      "one thing for another",
      [change("aws_lb", {}, null), change("aws_eks_cluster", null, {})],
      ["both", "more 1 EKS control plane", "less 1 load balancer"],
    ],
    [
      "smaller instances, more of them",
      [
        change(
          "aws_eks_node_group",
          { instance_types: ["m7i.4xlarge"], scaling_config: [{ desired_size: 2, min_size: 1 }] },
          { instance_types: ["m7i.large"], scaling_config: [{ desired_size: 5, min_size: 1 }] },
        ),
      ],
      ["less", "less 2 m7i.4xlarge", "more 5 m7i.large"],
    ],
    ["what is forgotten", [{ ...change("aws_lb", {}, null), actions: ["forget"] }], ["same"]],
    ["what is taken over", [{ ...change("aws_lb", {}, { a: 1 }), importing: { id: "x" } }], ["same"]],
  ])("of %s", (_, changes, expected) => {
    const plan = read(planWith(...changes));
    const { direction, items } = reviewOf([{ stack: "development-network", plan }]).cost;
    expect([direction, ...items.map((item) => `${item.direction} ${item.count} ${item.what}`)]).toEqual(
      expected,
    );
  });
});

describe("the policy over a plan", () => {
  const findings = (
    stack: string,
    edit: (change: ChangeDocument["change"]) => void,
    ...[type, ...words]: [string, ...string[]]
  ) =>
    reviewed("new-cluster", stack, (plan) => edit(changeAt(plan, type, ...words).change)).findings.map(
      ({ check, wrong }) => `${check}: ${wrong}`,
    );
  const after = (values: object) => (change: ChangeDocument["change"]) => {
    Object.assign(change.after as object, values);
  };

  test("finds nothing in any real plan, with its code and without", () => {
    for (const scenario of scenarios()) {
      expect({ scenario, findings: reviewOf(inputsOf(scenario)).findings }).toEqual({
        scenario,
        findings: [],
      });
    }
    const withCode = inputsOf("new-cluster").map((input) => ({
      ...input,
      code: code.get(input.stack),
    }));
    expect(reviewOf(withCode).findings).toEqual([]);
  });

  test("finds each of what it is for", () => {
    const open = ["aws_vpc_security_group_ingress_rule", "gossip-tcp"] as const;
    expect(findings("cluster-bravo", after({ cidr_ipv4: "0.0.0.0/0" }), ...open)).toEqual([
      "open-ingress: lets in 0.0.0.0/0 on port 8301",
    ]);
    const eks = after({ vpc_config: [{ endpoint_public_access: true, public_access_cidrs: [] }] });
    expect(findings("cluster-bravo", eks, "aws_eks_cluster")).toEqual([
      expect.stringMatching(/^public-endpoint: endpoint_public_access is true/),
    ]);
    const imds = after({ metadata_options: [{ http_tokens: "optional" }] });
    expect(findings("cluster-bravo", imds, "aws_launch_template")).toEqual([
      'instance-metadata-v1: metadata_options.http_tokens is "optional"',
    ]);
    const tags = after({ tags_all: { Name: "x" }, tags: { Name: "x" } });
    expect(findings("cluster-bravo", tags, "aws_kms_key")).toEqual([
      "missing-tags: no skyline:environment in tags",
    ]);
    const policy = after({ policy: '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}' });
    expect(findings("cluster-alpha", policy, "aws_iam_role_policy")).toEqual([
      expect.stringMatching(/^wildcard-iam/),
    ]);
    const volume = (change: ChangeDocument["change"]) =>
      Object.assign(change.after as object, { encrypted: false });
    expect(findings("cluster-alpha", volume, "aws_ebs_volume")).toEqual([
      "unencrypted-volume: encrypted is false",
    ]);
  });

  test("refuses, whatever else is fine", () => {
    const review = reviewed("no-change", "cluster-alpha", (plan) =>
      update(changeAt(plan, "aws_lb"), { internal: false }),
    );
    expect(review.verdict).toBe("refused");
    expect(review.findings).toMatchObject([{ check: "public-endpoint", stack: "development-cluster-alpha" }]);
  });

  test("does not judge what goes", () => {
    const review = reviewed("removal-of-an-active-cluster", "cluster-alpha", (plan) => {
      role(plan, "retiring", null);
      Object.assign(changeAt(plan, "aws_lb").change.before as object, { internal: false });
    });
    expect(review).toMatchObject({ findings: [], verdict: "danger" });
  });

  test("does not let anybody past who calls it a secret", () => {
    const hide = (change: ChangeDocument["change"]) => {
      Object.assign(change.after as object, { cidr_ipv4: "0.0.0.0/0" });
      change.after_sensitive = { cidr_ipv4: true };
    };
    expect(findings("cluster-bravo", hide, "aws_vpc_security_group_ingress_rule", "bridge")).toEqual([
      "open-ingress: cidr_ipv4 is marked as sensitive, so that nobody can check it",
    ]);
  });

  test("reads in the code what only an apply will know", () => {
    const stack = "development-cluster-bravo";
    const own = codeOf("cluster-bravo") as NonNullable<ReturnType<typeof code.get>>;
    const policies = Object.values(own.resource.aws_iam_role_policy ?? {});
    policies.forEach((policy) => {
      policy.policy =
        '${jsonencode({"Statement" = [{"Effect" = "Allow", "Action" = "*", "Resource" = "*"}]})}';
    });
    const document = fixture("new-cluster", "cluster-bravo");
    const { change } = changeAt(document, "aws_iam_role_policy");
    delete (change.after as { policy?: string }).policy;
    Object.assign(change.after_unknown as object, { policy: true });
    const plan = read(document);
    expect(reviewOf([{ stack, plan, code: own }]).findings).toMatchObject([{ check: "wildcard-iam" }]);
    expect(reviewOf([{ stack, plan, code: codeOf("cluster-bravo") }]).findings).toEqual([]);
  });

  test("passes over what is exempted, and says who answers for it", () => {
    const document = fixture("no-change", "cluster-alpha");
    const balancer = changeAt(document, "aws_lb");
    update(balancer, { internal: false });
    const own = codeOf("cluster-alpha") as { "//": { skyline: { exemptions: unknown[] } } };
    const exemption = {
      ...{ check: "public-endpoint", resource: `development-cluster-alpha/${balancer.address}` },
      ...{ reason: "a reason", source: "file" },
    };
    const review = (owner?: string) => {
      own["//"].skyline.exemptions = [{ ...exemption, owner }];
      return reviewOf([{ stack: "development-cluster-alpha", plan: read(document), code: own }]);
    };
    expect(review("team")).toMatchObject({
      findings: [],
      exempted: [{ check: "public-endpoint", reason: "a reason", owner: "team", address: balancer.address }],
    });
    expect(review().exempted).toMatchObject([{ owner: null }]);
    own["//"].skyline.exemptions = [{ ...exemption, check: "open-ingress" }];
    const other = reviewOf([{ stack: "development-cluster-alpha", plan: read(document), code: own }]);
    expect(other.findings).toHaveLength(1);
  });
});
