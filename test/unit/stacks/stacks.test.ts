import { App } from "cdktf";
import { defineEnvironment } from "../../../environment/define";
import { ClusterStack } from "../../../stacks/cluster-stack";
import { addEnvironment } from "../../../stacks/environment-stacks";
import { NetworkStack } from "../../../stacks/network-stack";
import { PlatformStack } from "../../../stacks/platform-stack";
import { exampleEnvironment, synthesize } from "../../../testing";

const withState = () =>
  defineEnvironment({ ...exampleEnvironment(), state: { bucket: "example-tfstate", region: "eu-west-1" } });
const synth = (environment = defineEnvironment(exampleEnvironment())) =>
  synthesize((app) => addEnvironment(app, environment));

describe("every stack", () => {
  const stacks = Object.entries(synth(withState()));

  test("is named by environment and cluster", () => {
    expect(stacks.map(([name]) => name).sort()).toEqual([
      "example-cluster-alpha",
      "example-mesh",
      "example-network",
      "example-platform-alpha",
    ]);
  });

  test.each(stacks)("%s has a state of its own, encrypted and locked by a file", (name, stack) => {
    expect((stack.code.terraform as { backend: unknown }).backend).toEqual({
      s3: {
        bucket: "example-tfstate",
        key: `example/${name}.tfstate`,
        region: "eu-west-1",
        encrypt: true,
        use_lockfile: true,
      },
    });
  });

  test.each(stacks.filter(([name]) => !name.includes("platform")))(
    "%s refuses another account, and tags",
    (name, stack) => {
      const [aws] = (stack.code.provider as { aws: Record<string, unknown>[] }).aws;
      expect(aws).toMatchObject({
        region: "us-east-1",
        allowed_account_ids: ["111111111111"],
        default_tags: [{ tags: { "skyline:environment": "example", "skyline:stack": name } }],
      });
    },
  );
});

test("given no state bucket, states are local files beside the project", () => {
  const terraform = synth()["example-network"]?.code.terraform as { backend: unknown };
  expect(terraform.backend).toEqual({ local: { path: "../../../terraform.example-network.tfstate" } });
});

test("stacks are applied network, mesh, cluster, platform", () => {
  const app = new App({ outdir: "unused" });
  addEnvironment(app, defineEnvironment(exampleEnvironment()));
  const dependencies = app.node.children.map((child) => [
    child.node.id,
    (child as unknown as { dependencies: { node: { id: string } }[] }).dependencies.map(
      ({ node }) => node.id,
    ),
  ]);
  expect(dependencies).toEqual([
    ["example-network", []],
    ["example-mesh", ["example-network"]],
    ["example-cluster-alpha", ["example-mesh"]],
    ["example-platform-alpha", ["example-cluster-alpha"]],
  ]);
});

test("the active cluster's parameter is seeded, and then left to promotions", () => {
  expect(synth()["example-network"]?.only("aws_ssm_parameter")).toMatchObject({
    name: "/skyline/example/active",
    value: "alpha",
    lifecycle: { ignore_changes: ["value"] },
  });
});

test("the cluster's entry in the registry has what the CLI needs", () => {
  const entry = synth()["example-cluster-alpha"]?.only("aws_ssm_parameter");
  expect(entry?.name).toBe("/skyline/example/clusters/alpha");
  for (const key of ["name", "kind", "endpoint", "ca", "version", "deployer"]) {
    expect(entry?.value).toContain(`"${key}" =`);
  }
});

test("outputs are named by the contract, not by ids", () => {
  const stacks = synth();
  expect(Object.keys(stacks["example-network"]?.outputs() ?? {}).sort()).toEqual([
    "private_subnet_ids",
    "private_zone_id",
    "public_subnet_ids",
    "vpc_id",
  ]);
  expect(Object.keys(stacks["example-mesh"]?.outputs() ?? {}).sort()).toEqual([
    "consul_security_group_id",
    "consul_snapshot_bucket",
    "gateway_address",
    "gateway_security_group_id",
  ]);
  expect(Object.keys(stacks["example-cluster-alpha"]?.outputs() ?? {}).sort()).toEqual([
    "certificate_authority",
    "cluster_kind",
    "cluster_name",
    "cluster_role",
    "endpoint",
    "kubernetes_version",
    "worker_security_group_id",
  ]);
});

test("the mesh has a key of its own, and a launch role that may use it", () => {
  const mesh = synth()["example-mesh"];
  expect(mesh?.only("aws_kms_key")).toMatchObject({
    enable_key_rotation: true,
    lifecycle: { prevent_destroy: true },
  });
  expect(mesh?.only("aws_kms_key").policy).toContain("aws_iam_service_linked_role.launch-role");
  expect(mesh?.only("aws_iam_service_linked_role")).toMatchObject({
    aws_service_name: "autoscaling.amazonaws.com",
    custom_suffix: "example-mesh",
  });
});

test("what protects the mesh from being destroyed is lifted where the environment says so", () => {
  const given = exampleEnvironment();
  const mesh = synth(defineEnvironment({ ...given, mesh: { ...given.mesh, deletionProtection: false } }))[
    "example-mesh"
  ];
  expect(mesh?.only("aws_lb")).toMatchObject({ enable_deletion_protection: false });
  expect(mesh?.only("aws_s3_bucket")).toMatchObject({
    force_destroy: true,
    lifecycle: { prevent_destroy: false },
  });
  expect(mesh?.only("aws_kms_key")).toMatchObject({ lifecycle: { prevent_destroy: false } });
});

test("the platform stack gets a token at each call, and holds no secret", () => {
  const stack = synth()["example-platform-alpha"];
  const [kubernetes] = (stack?.code.provider as { kubernetes: Record<string, unknown>[] }).kubernetes;
  expect(kubernetes?.exec).toEqual([
    {
      api_version: "client.authentication.k8s.io/v1beta1",
      command: "aws",
      args: [
        "eks",
        "get-token",
        "--cluster-name",
        expect.stringContaining("cluster_name"),
        "--region",
        "us-east-1",
      ],
    },
  ]);
  expect(kubernetes).not.toHaveProperty("token");
  expect(Object.keys(stack?.code.provider as object)).toEqual(["kubernetes"]);
});

test("a Service that stands for a Mesos service leaves to Terraform what a handover does not flip", () => {
  const environment = defineEnvironment({
    ...exampleEnvironment(),
    mesh: { ...exampleEnvironment().mesh, mesosServices: ["organization"] },
  });
  expect(synth(environment)["example-platform-alpha"]?.only("kubernetes_service_v1")).toMatchObject({
    metadata: { name: "organization", namespace: "default" },
    spec: {
      selector: { "app.kubernetes.io/name": "skyline-bridge" },
      port: [{ port: 8080, target_port: "5043" }],
    },
    lifecycle: { ignore_changes: ["spec[0].selector", "spec[0].port[0].target_port"] },
  });
});

test.each([ClusterStack, PlatformStack])(
  "%p of a cluster that is not there names those that are",
  (Stack) => {
    const environment = defineEnvironment(exampleEnvironment());
    expect(() => synthesize((app) => new Stack(app, environment, "zulu"))).toThrow(
      "environment example has no cluster zulu; it has alpha",
    );
  },
);

test("no secret is in what is synthesized", () => {
  const text = JSON.stringify(synth(withState()));
  expect(text).not.toMatch(/BEGIN [A-Z ]*PRIVATE KEY|AKIA[A-Z0-9]{16}|password/i);
});

test("a network without an active cluster is refused, also when nothing checked the environment", () => {
  const environment = defineEnvironment(exampleEnvironment());
  const clusters = Object.fromEntries(
    Object.entries(environment.clusters).map(([name, spec]) => [name, { ...spec, role: "passive" as const }]),
  );
  expect(() => new NetworkStack(new App(), { ...environment, clusters })).toThrow(
    `environment ${environment.environment} has no active cluster`,
  );
});
