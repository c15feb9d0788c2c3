import { Scaling } from "../../../../constructs/cluster/scaling";
import { NodeImage } from "../../../../constructs/instances/node-image";
import { leaveLimit } from "../../../support/user-data";
import { SESSION_MANAGER, general, group, make, rightsOf, userData, withWorkers } from "./fixture";

const stack = withWorkers();
const workers = group(stack, "example-alpha-general");

test("given the least, a worker group has exactly these settings", () => {
  expect(workers).toEqual({
    name: "example-alpha-general",
    min_size: 3,
    max_size: 3,
    desired_capacity: 3,
    vpc_zone_identifier: ["subnet-a", "subnet-b", "subnet-c"],
    health_check_type: "EC2",
    health_check_grace_period: 300,
    mixed_instances_policy: {
      instances_distribution: {
        on_demand_allocation_strategy: "prioritized",
        on_demand_percentage_above_base_capacity: 100,
      },
      launch_template: {
        launch_template_specification: {
          launch_template_id: expect.stringContaining("aws_launch_template.cluster_workers_general_"),
          version: expect.stringMatching(/\.latest_version\}$/),
        },
        override: [{ instance_type: "m7i.xlarge" }, { instance_type: "m6i.xlarge" }],
      },
    },
    instance_refresh: {
      strategy: "Rolling",
      preferences: {
        min_healthy_percentage: 90,
        checkpoint_percentages: [10, 50, 100],
        checkpoint_delay: "600",
        instance_warmup: "300",
        skip_matching: true,
      },
    },
    service_linked_role_arn: expect.stringMatching(/^\$\{aws_iam_service_linked_role\./),
    wait_for_capacity_timeout: "0",
    tag: [
      { key: "skyline:environment", value: "example", propagate_at_launch: true },
      { key: "skyline:cluster", value: "alpha", propagate_at_launch: true },
      { key: "Name", value: "example-alpha-general", propagate_at_launch: true },
      { key: "kubernetes.io/cluster/example-alpha", value: "owned", propagate_at_launch: true },
    ],
    timeouts: { delete: "30m" },
  });
});

test("a new worker counts once it says that its node is ready, and is thrown away when it never does", () => {
  expect(
    stack.only("aws_autoscaling_lifecycle_hook", {
      name: "ready",
      autoscaling_group_name: `\${aws_autoscaling_group.${addressOf("example-alpha-general")}.name}`,
    }),
  ).toMatchObject({
    lifecycle_transition: "autoscaling:EC2_INSTANCE_LAUNCHING",
    heartbeat_timeout: 900,
    default_result: "ABANDON",
  });
  expect(userData(stack, "example-alpha-general")).toMatch(/^SKYLINE_LAUNCH_HOOK="?ready"?$/m);
});

test("a worker's termination waits until it is drained, which the worker says for its own group alone", () => {
  expect(
    stack.only("aws_autoscaling_lifecycle_hook", {
      heartbeat_timeout: 300,
      name: "leave",
      autoscaling_group_name: `\${aws_autoscaling_group.${addressOf("example-alpha-general")}.name}`,
      lifecycle_transition: "autoscaling:EC2_INSTANCE_TERMINATING",
    }),
  ).toBeDefined();
  const leaving = rightsOf(stack, "worker-role").filter(({ Action }) =>
    Action.includes("autoscaling:CompleteLifecycleAction"),
  );
  expect(leaving.map(({ Resource }) => Resource)).toEqual([
    [
      "arn:aws:autoscaling:us-east-1:111111111111:autoScalingGroup:*:autoScalingGroupName/example-alpha-general",
    ],
  ]);
  expect(userData(stack, "example-alpha-general")).toMatch(/^SKYLINE_GROUP="?example-alpha-general"?$/m);
  expect(userData(stack, "example-alpha-general")).toMatch(/^SKYLINE_LIFECYCLE_HOOK="?leave"?$/m);
  // The drain gives up by itself after 900 s, and the agent's stop comes before.
  expect(leaveLimit(userData(stack, "example-alpha-general"))).toBeGreaterThan(900 + 90);
});

function addressOf(name: string): string {
  const groups =
    (stack.code.resource as Record<string, Record<string, { name: string }>>).aws_autoscaling_group ?? {};
  return Object.entries(groups).find(([, block]) => block.name === name)?.[0] ?? "";
}

test("only a group that an autoscaler moves ignores its size, and is found by the autoscaler", () => {
  const moved = group(
    withWorkers({ scaling: Scaling.managedByAutoscaler({ min: 2, max: 9, initial: 4 }) }),
    "example-alpha-general",
  );
  expect(moved).toMatchObject({
    min_size: 2,
    max_size: 9,
    desired_capacity: 4,
    lifecycle: { ignore_changes: ["desired_capacity"] },
  });
  expect(moved.tag).toEqual(
    expect.arrayContaining([
      { key: "k8s.io/cluster-autoscaler/enabled", value: "true", propagate_at_launch: false },
      { key: "k8s.io/cluster-autoscaler/example-alpha", value: "true", propagate_at_launch: false },
    ]),
  );
  expect(workers).not.toHaveProperty("lifecycle");
});

describe("the workers' role", () => {
  const rights = rightsOf(stack, "worker-role");

  test("reads the Consul agents' secret and no other", () => {
    const secrets = rights.filter(({ Action }) =>
      Action.some((action) => action.startsWith("secretsmanager:")),
    );
    expect(secrets.flatMap(({ Resource }) => Resource)).toEqual([
      "arn:aws:secretsmanager:us-east-1:111111111111:secret:skyline/example/consul/workers-??????",
    ]);
  });

  test("writes nothing that lacks the cluster's tag", () => {
    const writes = rights.filter(({ Action }) => Action.some((action) => /^ec2:(?!Describe)/.test(action)));
    expect(writes.length).toBeGreaterThan(5);
    for (const { Condition } of writes) {
      const [key, value] = Object.entries(Condition?.StringEquals ?? {})[0] ?? [];
      expect([
        "aws:RequestTag/kubernetes.io/cluster/example-alpha owned",
        "aws:ResourceTag/kubernetes.io/cluster/example-alpha owned",
        "ec2:CreateAction CreateVolume,CreateSnapshot",
      ]).toContain(`${key} ${String(value)}`);
    }
  });

  test("cannot touch etcd's volumes, nor any node's root volume: they lack the tag", () => {
    const tag = "kubernetes.io/cluster/example-alpha";
    expect(JSON.stringify(stack.all("aws_ebs_volume"))).not.toContain(tag);
    expect(JSON.stringify(stack.all("aws_launch_template").map((it) => it.tag_specifications))).not.toContain(
      tag,
    );
  });

  test("lets people onto its nodes", () => {
    expect(rights).toContainEqual(SESSION_MANAGER);
  });

  test("pulls images", () => {
    expect(stack.only("aws_iam_role_policy_attachment")).toMatchObject({
      policy_arn: "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
      role: expect.stringContaining("cluster_worker-role_"),
    });
  });
});

test("a worker gets the authority that the parameter holds", () => {
  expect(userData(stack, "example-alpha-general")).toContain("@@CERTIFICATE_AUTHORITY@@");
  expect(String(stack.only("aws_launch_template", { name: "example-alpha-general" }).user_data)).toMatch(
    /data\.aws_ssm_parameter\.cluster_authority_\w+\.insecure_value/,
  );
});

test.each<[string, Partial<typeof general>, RegExp]>([
  [
    "two architectures",
    { instanceTypes: ["m7i.large", "m7g.large"] },
    /m7i\.large is amd64 and m7g\.large is arm64/,
  ],
  [
    "EKS' stock image",
    { image: NodeImage.al2023() },
    /example-alpha-general cannot start from EKS' stock image/,
  ],
])("given %s, synth fails", (_, options, message) => {
  expect(() => withWorkers(options)).toThrow(message);
});

test.each(["General", "controllers", "etcd-0", "a".repeat(21)])("a group cannot be named %s", (name) => {
  expect(() => make({}, (cluster) => cluster.addWorkers(name, general))).toThrow(
    /is no name of a worker group/,
  );
});
