import { reviewOf } from "../../../../operations/review/review";
import {
  changeAt,
  fixture,
  inputsOf,
  meaningsOf,
  read,
  remove,
  replace,
  reviewed,
  role,
  update,
  type PlanDocument,
} from "./plans";

/** Steps of a cluster's life against the dial, its role as others read it, and the order in which all is told. */

const ALPHA = "cluster-alpha";
const dial = (weights: Record<string, number>) => ({ weights: { development: weights } });

const step = (from: string, to: string, weights?: Record<string, number>) =>
  reviewed(
    "no-change",
    ALPHA,
    (plan) => role(plan, from, to),
    weights === undefined ? {} : dial(weights),
  ).meanings.map(({ code, severity, text }) => `${severity} ${code}: ${text}`);

describe("a role moves no request, so that the dial is told beside it", () => {
  test("a cluster that retires gets nothing any more", () => {
    expect(step("passive", "retiring", { alpha: 40, bravo: 60 })).toEqual([
      "refused weight-left: alpha is to retire while the dial sends it 40 points: set its weight to 0 first",
    ]);
    expect(step("passive", "retiring", { bravo: 100 })).toEqual([
      "note life-step: alpha goes from passive to retiring, which moves no request: the dial sends it nothing",
    ]);
    expect(step("passive", "retiring")).toEqual([
      "attention life-step: alpha goes from passive to retiring, which moves no request: what the dial sends it is not known here, and has to be nothing",
    ]);
  });

  test("one that becomes passive may still get some", () => {
    expect(step("active", "passive", { alpha: 1, bravo: 99 })).toEqual([
      "attention life-step: alpha goes from active to passive, which moves no request: the dial sends it 1 point",
    ]);
    expect(step("active", "passive", { bravo: 100 })).toEqual([
      "note life-step: alpha goes from active to passive, which moves no request: the dial sends it nothing",
    ]);
    expect(step("active", "passive")).toEqual([
      "note life-step: alpha goes from active to passive, which moves no request: what the dial sends it is not known here",
    ]);
  });

  test("two active ones are one too many", () => {
    const document = fixture("promotion", ALPHA);
    role(document, "active", "active");
    const others = inputsOf("promotion").filter(({ stack }) => stack !== "development-cluster-alpha");
    const both = reviewOf([...others, { stack: "development-cluster-alpha", plan: read(document) }]);
    expect(meaningsOf(both, "two-active")).toMatchObject([
      {
        severity: "danger",
        text: "alpha and bravo would both be active: the one that was becomes passive first",
      },
    ]);
    expect(meaningsOf(reviewOf(inputsOf("promotion")), "two-active")).toEqual([]);
  });
});

describe("a role that others cannot read", () => {
  const hidden = (edit: (plan: PlanDocument) => void) =>
    reviewed("no-change", ALPHA, edit).meanings.map(({ code, severity }) => `${severity} ${code}`);

  test.each([
    ["that is left out", (plan: PlanDocument) => role(plan, "active", null)],
    ["that nobody knows", (plan: PlanDocument) => role(plan, "active", "other")],
    [
      "that is called a secret",
      (plan: PlanDocument) => {
        role(plan, "active", "active");
        Object.assign(plan.output_changes.cluster_role ?? {}, { after_sensitive: true });
      },
    ],
    [
      "that an apply will know",
      (plan: PlanDocument) => {
        role(plan, "active", null);
        const known = { actions: ["update"], after_unknown: true };
        Object.assign(plan.output_changes.cluster_role ?? {}, known);
      },
    ],
  ])("%s is refused", (_, edit) => {
    expect(hidden(edit)).toEqual(["refused role-hidden"]);
  });

  test("of a cluster that goes is gone, too", () => {
    const review = reviewed("removal-of-an-active-cluster", ALPHA);
    expect(meaningsOf(review, "role-hidden")).toEqual([]);
  });
});

describe("what the dial sends is told", () => {
  const texts = (scenario: string, stack: string, code: string, weights?: Record<string, number>) =>
    meaningsOf(reviewed(scenario, stack, undefined, weights === undefined ? {} : dial(weights)), code).map(
      ({ text }) => text,
    );

  test.each([
    ["version-upgrade", "cluster-bravo", "version-upgrade"],
    ["version-upgrade", "cluster-bravo", "workers-rotated"],
    ["etcd-and-controllers", ALPHA, "controllers-rotated"],
    ["node-rotation", ALPHA, "workers-rotated"],
    ["removal-of-an-active-cluster", ALPHA, "cluster-removed"],
  ])("in %s of %s with %s", (scenario, stack, code) => {
    const name = stack.replace("cluster-", "");
    expect(texts(scenario, stack, code, { [name]: 100 })).toEqual([
      expect.stringMatching(/; the dial sends it 100 points$/),
    ]);
    expect(texts(scenario, stack, code, { other: 100 })).toEqual([
      expect.stringMatching(/; the dial sends it nothing$/),
    ]);
    expect(texts(scenario, stack, code)).toEqual([
      expect.stringMatching(/; what the dial sends it is not known here$/),
    ]);
  });
});

describe("a platform", () => {
  /** Of alpha, with a bridge and other DaemonSets. */
  function platform(edit: (plan: PlanDocument) => void, state: string, weights?: Record<string, number>) {
    const outputs = { cluster_role: state, cluster_kind: "eks", kubernetes_version: "1.35" };
    const set = (name: string) => {
      const after = { metadata: [{ name, namespace: "kube-system" }], spec: [{}] };
      const change = { actions: ["no-op"], before: after, after, after_unknown: {} };
      const type = "kubernetes_daemon_set_v1";
      return {
        ...{ address: `${type}.${name}`, type, mode: "managed" },
        change: { ...change, before_sensitive: {}, after_sensitive: {} },
      };
    };
    const document: PlanDocument = {
      ...{ format_version: "1.2", output_changes: {} },
      resource_changes: [set("skyline-bridge"), set("flannel")],
      prior_state: {
        values: {
          root_module: {
            resources: [
              {
                ...{ mode: "data", type: "terraform_remote_state", address: "data.terraform_remote_state.x" },
                values: { config: { key: "development/development-cluster-alpha.tfstate" }, outputs },
                sensitive_values: { config: {}, outputs: {} },
              },
            ],
          },
        },
      },
    };
    edit(document);
    const inputs = [{ stack: "development-platform-alpha", plan: read(document) }];
    return reviewOf(inputs, weights === undefined ? {} : dial(weights)).meanings.map(
      ({ code, severity }) => `${severity} ${code}`,
    );
  }

  const set = "kubernetes_daemon_set_v1";

  test("is not taken away with one of its DaemonSets, but with the bridge, and with the last one", () => {
    expect(platform((plan) => remove(changeAt(plan, set, "flannel")), "passive")).toEqual([]);
    expect(platform((plan) => remove(changeAt(plan, set, "flannel")), "active")).toEqual([
      "danger active-cluster-touched",
    ]);
    const taken = ["refused step-skipped", "danger cluster-removed"];
    expect(platform((plan) => remove(changeAt(plan, set, "bridge")), "passive")).toEqual(taken);
    expect(
      platform((plan) => {
        plan.resource_changes = [changeAt(plan, set, "flannel")];
        remove(changeAt(plan, set, "flannel"));
        plan.resource_changes.push({ ...changeAt(plan, set), address: "x", type: "kubernetes_service_v1" });
      }, "passive"),
    ).toEqual(taken);
  });

  test("has its bridge made anew", () => {
    const anew = (plan: PlanDocument) => replace(changeAt(plan, set, "bridge"));
    expect(platform(anew, "passive", { bravo: 100 })).toEqual(["attention bridge-replaced"]);
    expect(platform(anew, "active", { alpha: 100 })).toEqual(["danger bridge-replaced"]);
  });
});

test("within a severity the most important comes first, and registry entries last", () => {
  const review = reviewed("removal-of-an-active-cluster", ALPHA, undefined, dial({ alpha: 100 }));
  expect(review.meanings.slice(0, 3).map(({ code }) => code)).toEqual([
    "cluster-removed-with-weight",
    "step-skipped",
    "cluster-removed",
  ]);
  const { meanings } = reviewed("no-change", ALPHA, (plan) => {
    replace(changeAt(plan, "aws_ssm_parameter", "registry-entry"));
    replace(changeAt(plan, "aws_lb_target_group"));
    replace(changeAt(plan, "aws_autoscaling_group", "member-0"));
    replace(changeAt(plan, "aws_autoscaling_group", "member-1"));
    replace(changeAt(plan, "aws_kms_key"));
  });
  expect(meanings.map(({ code, severity }) => `${severity} ${code}`)).toEqual([
    "danger etcd-member-replaced",
    "danger stored-state-deleted",
    "danger active-cluster-touched",
    "danger registry-entry-deleted",
  ]);
});

test("a cluster with traffic: what a rule of its own tells is not told again", () => {
  expect(meaningsOf(reviewed("node-rotation", ALPHA), "active-cluster-touched")).toEqual([]);
  const smaller = reviewed("node-rotation", ALPHA, (plan) => {
    update(changeAt(plan, "aws_lb_target_group"), { deregistration_delay: "0" });
    const workers = changeAt(plan, "aws_autoscaling_group", "workers");
    Object.assign(workers.change.after as object, { min_size: 0, max_size: 1 });
  });
  expect(smaller.meanings.map(({ code }) => code)).toEqual(["workers-rotated", "active-cluster-touched"]);
  expect(smaller.meanings[1]?.text).toContain(
    "2 changes in what its traffic goes through (aws_autoscaling_group and aws_lb_target_group)",
  );
});

test("what an earlier apply left over is told, where traffic may go through it", () => {
  const left = (type: string) =>
    reviewed("no-change", ALPHA, (plan) => {
      const change = changeAt(plan, type);
      remove(change);
      change.deposed = "0123abcd";
    }).meanings.map(({ code, severity, text }) => `${severity} ${code}: ${text}`);
  expect(left("aws_lb_target_group")).toEqual([
    "attention left-over: left over from an earlier apply, and deleted by this one: nothing may go through it any more",
  ]);
  expect(left("aws_s3_bucket_policy")).toEqual([]);
});
