import { reviewOf } from "../../../../operations/review/review";
import { changeAt, meaningsOf, planWith, read, reviewed, update, type ChangeDocument } from "./plans";

/** Who gets in by roles: of Kubernetes, in a platform; of AWS, in any stack; and what a platform filters. */

type Change = Partial<ChangeDocument & ChangeDocument["change"]>;

const platform = (change: Change, state = "active") => {
  const document = planWith({ address: `${change.type}.x`, ...change });
  const outputs = { cluster_role: state, cluster_kind: "eks", kubernetes_version: "1.35" };
  const resource = {
    ...{ mode: "data", type: "terraform_remote_state", address: "data.terraform_remote_state.x" },
    values: { config: { key: "development/development-cluster-alpha.tfstate" }, outputs },
    sensitive_values: { config: {}, outputs: {} },
  };
  document.prior_state = { values: { root_module: { resources: [resource] } } };
  return reviewOf([{ stack: "development-platform-alpha", plan: read(document) }]).meanings.map(
    ({ code, severity, text }) => `${severity} ${code}: ${text}`,
  );
};

const binding = (role: string, subject: string, kind = "Group") => ({
  metadata: [{ name: "x" }],
  role_ref: [{ api_group: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role }],
  subject: [{ kind, name: subject, namespace: "" }],
});

describe("a role binding in a platform", () => {
  const made = (type: string, after: object) => platform({ type, actions: ["create"], after });

  test.each([
    ["view", "developers", "attention"],
    ["cluster-admin", "developers", "danger"],
    ["view", "system:unauthenticated", "danger"],
    ["view", "system:authenticated", "danger"],
  ])("of %s for %s", (role, subject, severity) => {
    for (const type of ["kubernetes_cluster_role_binding_v1", "kubernetes_role_binding"]) {
      expect(made(type, binding(role, subject))).toEqual([
        `${severity} role-bound: ClusterRole ${role} is given to Group ${subject}`,
      ]);
    }
  });

  test("for nobody in particular, as a manifest, and by an update", () => {
    expect(made("kubernetes_role_binding_v1", binding("view", "system:anonymous", "User"))).toEqual([
      expect.stringMatching(/^danger role-bound/),
    ]);
    const manifest = {
      ...{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding" },
      roleRef: { kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ kind: "ServiceAccount", name: "x", namespace: "y" }],
    };
    expect(made("kubernetes_manifest", { manifest })).toEqual([
      "danger role-bound: ClusterRole cluster-admin is given to ServiceAccount y/x",
    ]);
    const before = binding("view", "developers");
    const updated = platform({
      ...{ type: "kubernetes_role_binding_v1", before, after: binding("view", "others") },
      actions: ["update"],
    });
    expect(updated).toEqual([expect.stringMatching(/^attention role-bound/)]);
  });
});

describe("what a platform filters with", () => {
  test.each([
    ["kubernetes_network_policy_v1", "network-policy-created"],
    ["kubernetes_validating_webhook_configuration_v1", "admission-webhook-created"],
    ["kubernetes_mutating_webhook_configuration", "admission-webhook-created"],
  ])("%s counts in a cluster with traffic", (type, code) => {
    const change = { type, actions: ["create"], after: { metadata: [{ name: "x" }] } };
    expect(platform(change)).toEqual([expect.stringMatching(new RegExp(`^attention ${code}: `))]);
    expect(platform(change, "passive")).toEqual([]);
  });
});

describe("who may take on a role", () => {
  const code = "role-trust-changed";
  const document = (...principals: unknown[]) =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: principals.map((Principal) => ({ Effect: "Allow", Principal, Action: "sts:AssumeRole" })),
    });
  const ec2 = { Service: "ec2.amazonaws.com" };
  const trusted = (...principals: unknown[]) =>
    meaningsOf(
      reviewed("no-change", "mesh", (plan) =>
        update(changeAt(plan, "aws_iam_role", "gateways"), { assume_role_policy: document(...principals) }),
      ),
      code,
    ).map(({ severity, text }) => `${severity} ${text}`);

  test.each([
    ["*", "*"],
    [{ AWS: "*" }, "*"],
    [{ AWS: ["arn:aws:iam::222222222222:root"] }, "arn:aws:iam::222222222222:root"],
    [{ AWS: "222222222222" }, "222222222222"],
    [{ Federated: "accounts.google.com" }, "accounts.google.com"],
  ])("%j is outside", (principal, name) => {
    expect(trusted(ec2, principal)).toEqual([
      `danger ${name}, which is of no role or service of this account, may take on development-gateways`,
    ]);
  });

  test.each([
    [{ AWS: "arn:aws:iam::111111111111:role/other" }, "arn:aws:iam::111111111111:role/other"],
    [{ Service: "lambda.amazonaws.com" }, "lambda.amazonaws.com"],
  ])("%j is inside", (principal, name) => {
    expect(trusted(ec2, principal)).toEqual([`attention ${name} may take on development-gateways`]);
  });

  test("with others left out, under another condition, or in a way that cannot be read", () => {
    expect(trusted()).toEqual(["attention who may take on development-gateways, or how, changes"]);
    const hidden = meaningsOf(
      reviewed("no-change", "mesh", (plan) => {
        const change = changeAt(plan, "aws_iam_role", "gateways");
        update(change, { assume_role_policy: undefined });
        change.change.after_unknown = { assume_role_policy: true };
      }),
      code,
    );
    expect(hidden).toMatchObject([{ severity: "attention" }]);
    const rest = { Effect: "Allow", NotPrincipal: { AWS: "x" }, Action: "sts:AssumeRole" };
    const all = reviewed("no-change", "mesh", (plan) =>
      update(changeAt(plan, "aws_iam_role", "gateways"), {
        assume_role_policy: JSON.stringify({ Statement: rest }),
      }),
    );
    expect(meaningsOf(all, code)).toMatchObject([{ severity: "danger", text: expect.stringMatching(/^\*/) }]);
  });

  test("of a role that is made, where it is somebody outside", () => {
    const made = (principal: unknown) => {
      const after = { name: "x", assume_role_policy: document(principal) };
      const plan = planWith({ type: "aws_iam_role", address: "aws_iam_role.x", actions: ["create"], after });
      return reviewOf([{ stack: "development-network", plan: read(plan) }]).meanings.map(
        ({ code: said, severity }) => `${severity} ${said}`,
      );
    };
    expect(made({ AWS: "*" })).toEqual([`danger ${code}`]);
    expect(made({ AWS: "arn:aws:iam::222222222222:root" })).toEqual([`danger ${code}`]);
    expect(made(ec2)).toEqual([]);
  });
});
