import { SEVERITIES } from "../../../../operations/review/meaning/meanings";
import { reviewOf } from "../../../../operations/review/review";
import {
  changeAt,
  fixture,
  inputsOf,
  meaningsOf,
  planWith,
  read,
  remove,
  replace,
  reviewed,
  role,
  scenarios,
  update,
  type PlanDocument,
} from "./plans";

/** Each rule on a real plan of the example environment, or on one with a change that a real one would have. */

const ALPHA = "cluster-alpha";
const dial = (weights: Record<string, number>) => ({ weights: { development: weights } });

/** A passive cluster that nothing is sent to. */
const quiet = (plan: PlanDocument) => role(plan, "passive", "passive");

describe("a cluster with traffic", () => {
  const code = "active-cluster-touched";

  /** A rotation of workers is told of by a rule of its own; an attribute of a target group is not. */
  const slower = (plan: PlanDocument) =>
    update(changeAt(plan, "aws_lb_target_group"), { deregistration_delay: "0" });
  const quietAndSlower = (plan: PlanDocument) => {
    quiet(plan);
    slower(plan);
  };

  test("that is active is touched by what no other rule tells", () => {
    const review = reviewed("node-rotation", ALPHA, (plan) => {
      slower(plan);
      update(changeAt(plan, "aws_lb_listener"), { port: 444 });
    });
    expect(meaningsOf(review, code)).toEqual([
      {
        ...{ code, severity: "attention", stack: "development-cluster-alpha", address: null },
        text: "alpha is active: 2 changes in what its traffic goes through (aws_lb_listener and aws_lb_target_group)",
      },
    ]);
  });

  test("is touched more badly where something of it goes", () => {
    const review = reviewed("node-rotation", ALPHA, (plan) => replace(changeAt(plan, "aws_lb_target_group")));
    expect(meaningsOf(review, code)).toMatchObject([
      { severity: "danger", text: expect.stringContaining("1 change") },
    ]);
    expect(meaningsOf(review, code)[0]?.text).toContain(
      "1 of which deletes or replaces (aws_lb_target_group)",
    );
  });

  test("is any that the dial sends some to, whatever its role; a passive one without weight is none", () => {
    const said = (weights?: Record<string, number>) =>
      meaningsOf(
        reviewed("node-rotation", ALPHA, quietAndSlower, weights === undefined ? {} : dial(weights)),
        code,
      );
    expect(said()).toEqual([]);
    expect(said({ bravo: 100 })).toEqual([]);
    expect(said({ alpha: 1, bravo: 99 })).toMatchObject([
      { text: expect.stringContaining("alpha has 1 point of the dial") },
    ]);
  });

  test("may be one whose role nobody knows", () => {
    const unknown = (plan: PlanDocument) => {
      slower(plan);
      delete plan.output_changes.cluster_role;
    };
    const review = reviewed("node-rotation", ALPHA, unknown);
    expect(meaningsOf(review, code)).toMatchObject([{ text: expect.stringContaining("nobody can tell") }]);
    expect(meaningsOf(review, "role-unknown")).toHaveLength(1);
    // A dial that does not name a cluster sends it nothing.
    expect(meaningsOf(reviewed("node-rotation", ALPHA, unknown, dial({ bravo: 100 })), code)).toEqual([]);
  });

  test("is not touched by names, tags, and what no request goes through", () => {
    const review = reviewed("no-change", ALPHA, (plan) => {
      const tags = { Name: "other", "skyline:environment": "development" };
      update(changeAt(plan, "aws_lb"), { tags, tags_all: tags });
      update(changeAt(plan, "aws_s3_bucket_lifecycle_configuration"), { rule: [] });
    });
    expect(review.meanings).toEqual([]);
    expect(review.verdict).toBe("note");
  });

  test("is one that a platform stack reads of as active", () => {
    const plan = planWith({
      ...{ address: "kubernetes_daemonset.bridge", type: "kubernetes_daemonset" },
      ...{ before: { spec: "1" }, after: { spec: "2" } },
    });
    const state = {
      ...{ mode: "data", type: "terraform_remote_state", address: "data.terraform_remote_state.x" },
      values: {
        config: { key: "development/development-cluster-alpha.tfstate" },
        outputs: { cluster_role: "active", cluster_kind: "eks", kubernetes_version: "1.35" },
      },
      sensitive_values: { config: {}, outputs: {} },
    };
    plan.prior_state = { values: { root_module: { resources: [state] } } };
    const platform = [{ stack: "development-platform-alpha", plan: read(plan) }];
    expect(meaningsOf(reviewOf(platform), code)).toMatchObject([
      { stack: "development-platform-alpha", text: expect.stringContaining("alpha is active") },
    ]);
  });
});

describe("the mesh", () => {
  test("gateways are rolled by an instance refresh, and said is how many and how", () => {
    expect(reviewed("gateway-roll", "mesh").meanings).toMatchObject([
      {
        ...{ code: "gateways-rolled", severity: "attention" },
        address: expect.stringContaining("aws_autoscaling_group.gateways_group"),
        text: "all 3 gateways are replaced, new ones first, with a halt of 300 s after 34 %: calls go on through the others",
      },
    ]);
  });

  test("a refresh that lets gateways be away is a danger", () => {
    const review = reviewed("gateway-roll", "mesh", (plan) => {
      const { after } = changeAt(plan, "aws_autoscaling_group", "gateways").change;
      const [refresh] = (after as { instance_refresh: { preferences: object[] }[] }).instance_refresh;
      Object.assign(refresh?.preferences[0] ?? {}, { min_healthy_percentage: 50 });
    });
    expect(meaningsOf(review, "gateways-rolled")).toMatchObject([
      { severity: "danger", text: expect.stringContaining("up to 50 % of them away") },
    ]);
  });

  test("a group without a refresh rolls nothing", () => {
    const review = reviewed("gateway-roll", "mesh", (plan) =>
      Object.assign(changeAt(plan, "aws_autoscaling_group", "gateways").change.after as object, {
        instance_refresh: [],
      }),
    );
    expect(meaningsOf(review, "gateways-rolled")).toEqual([]);
  });

  test("gateways whose group goes are lost", () => {
    const review = reviewed("no-change", "mesh", (plan) =>
      replace(changeAt(plan, "aws_autoscaling_group", "gateways")),
    );
    expect(meaningsOf(review, "gateways-lost")).toMatchObject([{ severity: "danger" }]);
  });

  test("Consul servers are replaced, one after the other", () => {
    expect(reviewed("consul-roll", "mesh").meanings).toMatchObject([
      {
        ...{ code: "consul-server-replaced", severity: "attention" },
        text: "3 of 3 Consul servers are replaced, new ones first, each a voter before an old one leaves",
      },
    ]);
  });

  test("Consul servers whose group goes, or of which two leave, are a danger to the quorum", () => {
    const gone = reviewed("no-change", "mesh", (plan) =>
      replace(changeAt(plan, "aws_autoscaling_group", "consul-servers")),
    );
    expect(meaningsOf(gone, "consul-server-replaced")).toMatchObject([
      { severity: "danger", text: expect.stringContaining("the quorum and its data are lost") },
    ]);
    const fewer = (from: number, to: number) =>
      meaningsOf(
        reviewed("no-change", "mesh", (plan) => {
          const group = changeAt(plan, "aws_autoscaling_group", "consul-servers");
          Object.assign(group.change.after as object, { desired_capacity: from, max_size: 6 });
          update(group, { desired_capacity: to });
        }),
        "consul-server-removed",
      );
    expect(fewer(5, 3)).toMatchObject([
      { severity: "danger", text: "2 of 5 Consul servers leave the quorum" },
    ]);
    expect(fewer(3, 5)).toEqual([]);
  });

  test("what else changes there touches all calls", () => {
    const balancer = reviewed("no-change", "mesh", (plan) =>
      update(changeAt(plan, "aws_lb_target_group"), { deregistration_delay: "0" }),
    );
    expect(meaningsOf(balancer, "mesh-touched")).toMatchObject([
      { severity: "attention", text: expect.stringContaining("1 change (aws_lb_target_group)") },
    ]);
    // That others are let in is told for each rule.
    expect(meaningsOf(reviewed("other-client-and-deployer", "mesh"), "mesh-touched")).toEqual([]);
    const listener = reviewed("no-change", "mesh", (plan) => replace(changeAt(plan, "aws_lb_listener")));
    expect(meaningsOf(listener, "mesh-touched")).toMatchObject([{ severity: "danger" }]);
  });
});

describe("etcd", () => {
  const code = "etcd-member-replaced";
  const lost = (...members: number[]) =>
    reviewed("no-change", ALPHA, (plan) =>
      members.forEach((i) => replace(changeAt(plan, "aws_autoscaling_group", `member-${i}`))),
    );

  test("a new template waits for a person", () => {
    expect(meaningsOf(reviewed("etcd-and-controllers", ALPHA), "etcd-template-changed")).toMatchObject([
      { severity: "note", text: expect.stringContaining("etcd-0, etcd-1 and etcd-2") },
    ]);
    expect(meaningsOf(reviewed("etcd-and-controllers", ALPHA), code)).toEqual([]);
  });

  test.each([
    [[1], "attention", "1 of 3 etcd members of alpha are replaced in this plan (etcd-1)"],
    [
      [0, 2],
      "danger",
      "2 of 3 etcd members of alpha are replaced in this plan (etcd-0 and etcd-2): the quorum is lost",
    ],
  ])("members %j are counted against the quorum", (members, severity, text) => {
    expect(meaningsOf(lost(...members), code)).toMatchObject([{ severity, text }]);
  });

  test("a member is lost with its volume or its interface as well, and counts once", () => {
    const review = reviewed("no-change", ALPHA, (plan) => {
      replace(changeAt(plan, "aws_ebs_volume", "member-0"));
      replace(changeAt(plan, "aws_network_interface", "member-0"));
      replace(changeAt(plan, "aws_network_interface", "member-1"));
    });
    expect(meaningsOf(review, code)).toMatchObject([{ text: expect.stringContaining("2 of 3") }]);
  });

  test("of five, two are no quorum lost, and one too many at a time", () => {
    const review = reviewed("no-change", ALPHA, (plan) => {
      const group = changeAt(plan, "aws_autoscaling_group", "member-2");
      for (const i of [3, 4]) {
        const other = JSON.parse(JSON.stringify(group)) as typeof group;
        other.address = other.address.replace("member-2", `member-${i}`);
        Object.assign(other.change.after as object, { name: `development-alpha-etcd-${i}` });
        plan.resource_changes.push(other);
        replace(other);
      }
    });
    expect(meaningsOf(review, code)).toMatchObject([
      { severity: "danger", text: expect.stringMatching(/^2 of 5 .*: apply one at a time$/) },
    ]);
  });
});

describe("what is stored", () => {
  const code = "stored-state-deleted";

  test.each([
    ["aws_ebs_volume", "the volume is replaced (development-alpha-etcd-0)"],
    ["aws_s3_bucket", "the bucket is replaced (development-alpha-etcd-111111111111)"],
    ["aws_kms_key", "the key, and with it all that it encrypts, is replaced"],
  ])("is lost with %s", (type, text) => {
    const review = reviewed("no-change", ALPHA, (plan) => replace(changeAt(plan, type)));
    expect(meaningsOf(review, code)).toMatchObject([
      { severity: "danger", text: expect.stringContaining(text) },
    ]);
  });

  test("is lost with a deposed object too, and it is not with what is forgotten", () => {
    const review = reviewed("no-change", ALPHA, (plan) => {
      const volume = changeAt(plan, "aws_ebs_volume", "member-0");
      remove(volume);
      volume.deposed = "0123abcd";
      const bucket = changeAt(plan, "aws_s3_bucket");
      remove(bucket);
      bucket.change.actions = ["forget"];
    });
    expect(meaningsOf(review, code)).toMatchObject([{ address: expect.stringContaining("deposed") }]);
  });

  test("goes in order with a cluster that retires", () => {
    const review = reviewed("removal-of-an-active-cluster", ALPHA, (plan) => role(plan, "retiring", null));
    const severities = new Set(meaningsOf(review, code).map(({ severity }) => severity));
    expect(meaningsOf(review, code)).toHaveLength(5);
    expect(severities).toEqual(new Set(["attention"]));
  });
});

describe("a cluster that is taken away", () => {
  const codes = (before: string | null, weights?: Record<string, number>) =>
    reviewed(
      "removal-of-an-active-cluster",
      ALPHA,
      (plan) => (before === null ? delete plan.output_changes.cluster_role : role(plan, before, null)),
      weights === undefined ? {} : dial(weights),
    )
      .meanings.filter(({ severity }) => severity === "refused")
      .map(({ code }) => code);

  test("is refused while it is active, in the real plan", () => {
    const review = reviewOf(inputsOf("removal-of-an-active-cluster"));
    expect(review.verdict).toBe("refused");
    expect(meaningsOf(review, "step-skipped")).toMatchObject([
      { severity: "refused", text: "alpha would go from active to removed: apply it as passive first" },
    ]);
    expect(meaningsOf(review, "cluster-removed")).toMatchObject([
      {
        severity: "danger",
        text: expect.stringContaining("alpha, which is active, is taken away: 82 resources"),
      },
    ]);
    // Its names and its traffic go with it: that is said once.
    expect(meaningsOf(review, "active-cluster-touched")).toEqual([]);
    expect(meaningsOf(review, "name-changed").map(({ stack }) => stack)).toEqual(["development-network"]);
  });

  test.each([
    ["retiring", undefined, []],
    ["retiring", { alpha: 0, bravo: 100 }, []],
    ["retiring", { bravo: 100 }, []],
    ["retiring", { alpha: 1, bravo: 99 }, ["cluster-removed-with-weight"]],
    ["passive", undefined, ["step-skipped"]],
    ["active", { alpha: 100 }, ["cluster-removed-with-weight", "step-skipped"]],
    [null, undefined, ["step-skipped"]],
    [null, { alpha: 0 }, ["step-skipped"]],
  ])("from %s with a dial of %j is refused by %j", (before, weights, refused) => {
    expect(codes(before, weights).sort()).toEqual(refused);
  });

  test("is one whose control plane, controllers or last workers go, whatever is left beside it", () => {
    const review = (scenario: string, stack: string, type: string, ...words: string[]) =>
      reviewed(
        scenario,
        stack,
        (plan) => remove(changeAt(plan, type, ...words)),
        dial({ alpha: 50, bravo: 50 }),
      );
    for (const [scenario, stack, type, ...words] of [
      ["version-upgrade", "cluster-bravo", "aws_eks_cluster"],
      ["version-upgrade", "cluster-bravo", "aws_eks_node_group"],
      ["no-change", ALPHA, "aws_autoscaling_group", "controllers"],
      ["no-change", ALPHA, "aws_autoscaling_group", "workers_general"],
    ] as const) {
      const found = review(scenario, stack, type, ...words);
      expect(meaningsOf(found, "cluster-removed-with-weight")).toHaveLength(1);
      expect(meaningsOf(found, "step-skipped")).toHaveLength(1);
    }
    expect(
      meaningsOf(review("no-change", ALPHA, "aws_autoscaling_group", "member-0"), "cluster-removed"),
    ).toEqual([]);
  });

  test("is one whose control plane is made anew", () => {
    const review = reviewed("version-upgrade", "cluster-bravo", (plan) =>
      replace(changeAt(plan, "aws_eks_cluster")),
    );
    expect(review.verdict).toBe("refused");
  });
});

describe("a cluster's life", () => {
  const step = (from: string, to: string) =>
    reviewed("no-change", ALPHA, (plan) => role(plan, from, to)).meanings.map(({ code }) => code);

  test.each([
    ["passive", "active", ["life-step"]],
    ["active", "passive", ["life-step"]],
    ["passive", "retiring", ["life-step"]],
    ["retiring", "passive", ["life-step"]],
    ["active", "retiring", ["step-skipped"]],
    ["retiring", "active", ["step-skipped"]],
    ["active", "active", []],
  ])("from %s to %s is %j", (from, to, codes) => {
    expect(step(from, to)).toEqual(codes);
  });

  test("a real retirement of the active one is refused", () => {
    const review = reviewed("retirement-of-an-active-cluster", ALPHA);
    expect(meaningsOf(review, "step-skipped")).toMatchObject([
      { severity: "refused", text: "alpha would go from active to retiring: apply it as passive first" },
    ]);
  });

  test("a real promotion is two steps", () => {
    const { verdict, meanings } = reviewOf(inputsOf("promotion"));
    expect({ verdict, texts: meanings.map(({ text }) => text) }).toEqual({
      verdict: "note",
      texts: [
        "alpha goes from active to passive, which moves no request: what the dial sends it is not known here",
        "bravo goes from passive to active, which moves no request: what the dial sends it is not known here",
      ],
    });
  });

  test("begins passive, beside others; active, as the first one; otherwise somebody is to look", () => {
    const made = (role: string) => {
      const plan = fixture("new-cluster", "cluster-bravo");
      Object.assign(plan.output_changes.cluster_role ?? {}, { after: role });
      return { stack: "development-cluster-bravo", plan: read(plan) };
    };
    const others = inputsOf("new-cluster").filter(({ stack }) => !stack.endsWith("bravo"));
    const network = planWith({ address: "aws_vpc.vpc", type: "aws_vpc", actions: ["create"], after: {} });
    const first = { stack: "development-network", plan: read(network) };
    const said = (review: ReturnType<typeof reviewOf>) =>
      review.meanings.map(({ code, severity }) => `${severity} ${code}`);

    expect(said(reviewOf([...others, made("passive")]))).toEqual(["note life-step"]);
    expect(said(reviewOf([...others, made("active")]))).toEqual([
      "refused step-skipped",
      "danger two-active",
    ]);
    expect(said(reviewOf([...others, made("retiring")]))).toEqual(["refused step-skipped"]);
    expect(said(reviewOf([first, made("active")]))).toEqual(["note life-step"]);
    expect(said(reviewOf([made("active")]))).toEqual(["attention life-step"]);
    expect(said(reviewOf([made("active")], dial({ alpha: 100 })))).toEqual(["refused step-skipped"]);
  });
});

describe("Kubernetes", () => {
  const version = (from: string, to: string) =>
    reviewed("no-change", ALPHA, (plan) => {
      Object.assign(plan.output_changes.kubernetes_version ?? {}, { before: from, after: to });
    }).meanings.map(({ code, severity }) => `${severity} ${code}`);

  test("goes up in a real plan, and a real one skips a version", () => {
    expect(meaningsOf(reviewed("version-upgrade", "cluster-bravo"), "version-upgrade")).toMatchObject([
      { text: "the control plane of bravo goes from 1.35 to 1.36; what the dial sends it is not known here" },
    ]);
    expect(meaningsOf(reviewed("version-skip", ALPHA), "version-skipped")).toMatchObject([
      {
        severity: "danger",
        text: expect.stringContaining("from 1.34.2 to 1.36.1: 1 minor version is skipped"),
      },
    ]);
  });

  test.each([
    ["1.35.4", "1.35.4", []],
    ["1.35.4", "1.35.5", ["attention version-upgrade"]],
    ["1.35.4", "1.36.1", ["attention version-upgrade"]],
    ["1.34", "1.37", ["danger version-skipped"]],
    ["1.35.4", "1.35.3", ["danger version-lowered"]],
    ["1.36", "1.35", ["danger version-lowered"]],
    ["nonsense", "1.35", []],
  ])("from %s to %s is %j", (from, to, said) => {
    expect(version(from, to)).toEqual(said);
  });
});

describe("nodes", () => {
  test("workers are rotated: how many, and how", () => {
    expect(meaningsOf(reviewed("node-rotation", ALPHA), "workers-rotated")).toMatchObject([
      {
        severity: "attention",
        text: "all workers of 1 group of alpha are replaced: development-alpha-general (3, up to 10 % of them away at a time, with a halt of 600 s after 10 % and 50 %); what the dial sends it is not known here",
      },
    ]);
    expect(meaningsOf(reviewed("node-rotation", ALPHA, quiet), "workers-rotated")).toMatchObject([
      { severity: "note" },
    ]);
  });

  test("nodes of EKS are, by a new version of theirs", () => {
    expect(meaningsOf(reviewed("version-upgrade", "cluster-bravo"), "workers-rotated")).toMatchObject([
      {
        severity: "note",
        text: "all workers of 1 group of bravo are replaced: general (3, one at a time); what the dial sends it is not known here",
      },
    ]);
  });

  test("controllers are", () => {
    expect(meaningsOf(reviewed("etcd-and-controllers", ALPHA), "controllers-rotated")).toMatchObject([
      {
        text: "all 3 controllers of alpha are replaced, new ones first; what the dial sends it is not known here",
      },
    ]);
  });
});

describe("a security group", () => {
  const code = "ingress-opened";

  test("lets in others, in a real plan", () => {
    expect(meaningsOf(reviewed("other-client-and-deployer", "cluster-bravo"), code)).toMatchObject([
      {
        severity: "attention",
        text: "a security group lets in 10.88.0.0/14 at tcp 443 instead of 10.90.0.0/16 at tcp 443 (API from office)",
      },
    ]);
  });

  test("that is made with its rules opens nothing; a new rule of one that stands does", () => {
    expect(meaningsOf(reviewed("new-cluster", "cluster-bravo"), code)).toEqual([]);
    const review = reviewed("new-cluster", "cluster-bravo", (plan) => {
      const { change } = changeAt(plan, "aws_vpc_security_group_ingress_rule", "gossip-tcp");
      Object.assign(change.after as object, { security_group_id: "sg-1" });
      Object.assign(change.after_unknown as object, { security_group_id: false });
    });
    expect(meaningsOf(review, code)).toMatchObject([{ text: expect.stringContaining("which it did not") }]);
  });

  test("with rules of its own is seen, too", () => {
    const before = { ingress: [{ cidr_blocks: ["10.0.0.0/8"], protocol: "tcp", from_port: 1, to_port: 2 }] };
    const after = { ingress: [...before.ingress, { ...before.ingress[0], protocol: "-1", self: true }] };
    const plan = read(
      planWith({ address: "aws_security_group.x", type: "aws_security_group", before, after }),
    );
    const { meanings } = reviewOf([{ stack: "development-network", plan }]);
    expect(meanings).toMatchObject([
      { code, text: "a security group lets in 10.0.0.0/8, itself at all ports, which it did not" },
    ]);
  });

  test("a rule whose words alone change opens nothing", () => {
    const review = reviewed("no-change", "mesh", (plan) =>
      update(changeAt(plan, "aws_vpc_security_group_ingress_rule"), { description: "other" }),
    );
    expect(meaningsOf(review, code)).toEqual([]);
  });
});

describe("names", () => {
  const code = "name-changed";

  test("of gateways and API become others, in a real plan", () => {
    expect(meaningsOf(reviewed("other-domain", "mesh"), code)).toMatchObject([
      {
        severity: "danger",
        text: "the name sdb.development.example.internal, of the gateways, becomes sdb.dev.example.internal",
      },
    ]);
    expect(meaningsOf(reviewed("other-domain", "network"), code)).toMatchObject([
      { text: expect.stringContaining("api.development.example.internal, of the API of a cluster, becomes") },
    ]);
    expect(meaningsOf(reviewed("other-domain", "network"), "name-resolution-changed")).toHaveLength(2);
  });

  test("go to another place", () => {
    const review = reviewed("no-change", "network", (plan) =>
      update(changeAt(plan, "aws_route53_record", "active-api"), { records: ["api.bravo.example.internal"] }),
    );
    expect(meaningsOf(review, code)).toMatchObject([
      {
        severity: "attention",
        text: expect.stringMatching(/goes from api\.alpha\.\S+ to api\.bravo\.example\.internal$/),
      },
    ]);
  });

  test("a time to live is no other place", () => {
    const review = reviewed("no-change", "network", (plan) =>
      update(changeAt(plan, "aws_route53_record", "active-api"), { ttl: 31 }),
    );
    expect(meaningsOf(review, code)).toEqual([]);
  });
});

test("a network is replaced, in a real plan: a line for each kind of part", () => {
  const texts = meaningsOf(reviewed("other-network", "network"), "network-replaced").map(({ text }) => text);
  expect(texts).toHaveLength(7);
  expect(texts).toContain("1 network is replaced, and with it all that is in it: 10.10.0.0/16");
  expect(texts).toContain("4 routes are replaced");
});

describe("access", () => {
  test("of the deployer changes, in a real plan", () => {
    const found = meaningsOf(
      reviewed("other-client-and-deployer", "cluster-bravo"),
      "deployer-access-changed",
    );
    expect(found).toHaveLength(2);
    expect(found[0]?.text).toBe(
      "the role that applies: arn:aws:iam::111111111111:role/atlantis gives way to arn:aws:iam::111111111111:role/deployer",
    );
    const notes = meaningsOf(
      reviewed("other-client-and-deployer", "cluster-bravo"),
      "registry-entry-changed",
    );
    expect(notes).toHaveLength(1);
  });

  test("of others is told apart, and that of a new cluster is not told", () => {
    const review = reviewed("version-upgrade", "cluster-bravo", (plan) =>
      remove(changeAt(plan, "aws_eks_access_entry", "admins")),
    );
    expect(meaningsOf(review, "access-changed")).toMatchObject([
      { text: "arn:aws:iam::111111111111:role/platform-admin does not get in any more" },
    ]);
    expect(meaningsOf(reviewed("new-cluster", "cluster-bravo"), "access-changed")).toEqual([]);
  });

  test("the deployer is who the caller says", () => {
    const deployers = { development: "arn:aws:iam::111111111111:role/platform-admin" };
    const review = reviewed(
      "version-upgrade",
      "cluster-bravo",
      (plan) => remove(changeAt(plan, "aws_eks_access_entry", "admins")),
      { deployers },
    );
    expect(meaningsOf(review, "deployer-access-changed")).toHaveLength(1);
  });
});

test("protection is lifted of a cluster that retires, in a real plan; of another one that is worse", () => {
  const retiring = meaningsOf(reviewed("retirement-of-an-active-cluster", ALPHA), "protection-lifted");
  expect(retiring.map(({ severity, text }) => `${severity} ${text.split(":")[0]}`)).toEqual([
    "note enable_deletion_protection",
    "note force_destroy",
  ]);
  const active = reviewed("retirement-of-an-active-cluster", ALPHA, (plan) => role(plan, "active", "active"));
  expect(meaningsOf(active, "protection-lifted").map(({ severity }) => severity)).toEqual([
    "attention",
    "attention",
  ]);
});

test("what was changed by hand is undone, in a real plan; what AWS has added is not spoken of", () => {
  const review = reviewed("drift", "mesh");
  expect(meaningsOf(review, "drift-undone").map(({ text }) => text)).toEqual([
    "max_size was changed outside of Terraform, which this undoes",
    "it was deleted outside of Terraform, and is made again",
    "description was changed outside of Terraform, which this undoes",
  ]);
  expect(review.stacks[0]?.drift).toHaveLength(3);
  expect(reviewOf(inputsOf("other-network")).stacks[0]?.drift).toEqual([]);
});

test("what a plan does not know yet, it does not undo", () => {
  const plan = planWith({
    before: { a: "by hand", b: "by hand" },
    after: { b: "code" },
    after_unknown: { a: true },
  });
  plan.resource_drift = planWith({
    before: { a: "code", b: "code" },
    after: { a: "by hand", b: "by hand" },
  }).resource_changes;
  const review = reviewOf([{ stack: "development-network", plan: read(plan) }]);
  expect(meaningsOf(review, "drift-undone").map(({ text }) => text)).toEqual([
    "b was changed outside of Terraform, which this undoes",
  ]);
});

test("what changes in the state alone is told: taken over, renamed, let go", () => {
  const review = reviewed("no-change", "mesh", (plan) => {
    const [one, two, three] = plan.resource_changes.filter(({ type }) => type === "aws_iam_role_policy");
    one!.change.importing = { id: "x" };
    two!.previous_address = "aws_iam_role_policy.old";
    (three ?? changeAt(plan, "aws_lb")).change.actions = ["forget"];
  });
  expect(review.meanings.map(({ code, severity }) => `${severity} ${code}`)).toEqual([
    "attention forgotten",
    "attention imported",
    "note moved",
  ]);
  expect(review.stacks[0]?.counts).toMatchObject({ import: 1, move: 1, forget: 1 });
});

test("a plan that is not all, or does more than it shows, says so", () => {
  const codes = (edit: (plan: PlanDocument) => void) =>
    reviewed("no-change", "mesh", edit).meanings.map(({ code, severity }) => `${severity} ${code}`);
  expect(codes((plan) => (plan.complete = false))).toEqual(["attention partial-plan"]);
  expect(codes((plan) => (plan.deferred_changes = [{}]))).toEqual(["attention partial-plan"]);
  expect(codes((plan) => (plan.action_invocations = [{ address: "action.aws_lambda_invoke.x" }]))).toEqual([
    "danger provider-action",
  ]);
});

test("nothing changes: no meaning, no verdict", () => {
  expect(reviewOf(inputsOf("no-change"))).toMatchObject({ verdict: "none", meanings: [], findings: [] });
});

test("meanings are in the order of their severity, and texts are whole", () => {
  for (const scenario of scenarios()) {
    const { meanings } = reviewOf(inputsOf(scenario));
    const ranks = meanings.map(({ severity }) => SEVERITIES.indexOf(severity));
    expect(ranks).toEqual([...ranks].sort((one, other) => one - other));
    for (const { text } of meanings) {
      expect(text).not.toMatch(/undefined|\[object|Symbol|NaN|null/);
    }
  }
});
