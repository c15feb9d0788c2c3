import { SESSION_MANAGER, group, image, make, rightsOf, userData } from "./fixture";

const stack = make();
const controllers = { instanceType: "m7i.large", image };

test("given the least, controllers are a group of three behind the balancer, replaced one at a time", () => {
  expect(group(stack, "example-alpha-controllers")).toEqual({
    name: "example-alpha-controllers",
    min_size: 3,
    max_size: 4,
    desired_capacity: 3,
    vpc_zone_identifier: ["subnet-a", "subnet-b", "subnet-c"],
    target_group_arns: [expect.stringMatching(/^\$\{aws_lb_target_group\.cluster_api_targets_/)],
    health_check_type: "ELB",
    health_check_grace_period: 600,
    launch_template: {
      id: expect.stringContaining("aws_launch_template.cluster_controllers_"),
      version: expect.stringMatching(/\.latest_version\}$/),
    },
    instance_maintenance_policy: { min_healthy_percentage: 100, max_healthy_percentage: 134 },
    instance_refresh: {
      strategy: "Rolling",
      preferences: {
        min_healthy_percentage: 100,
        max_healthy_percentage: 134,
        instance_warmup: "120",
        skip_matching: true,
      },
    },
    service_linked_role_arn: expect.stringMatching(/^\$\{aws_iam_service_linked_role\./),
    wait_for_capacity_timeout: "0",
    tag: expect.arrayContaining([
      { key: "Name", value: "example-alpha-controllers", propagate_at_launch: true },
    ]),
    timeouts: { delete: "30m" },
  });
});

test.each([
  [3, 134],
  [4, 125],
  [5, 120],
  [9, 112],
])("of %i controllers one more stands while one is replaced: %i %", (count, most) => {
  const healthy = { min_healthy_percentage: 100, max_healthy_percentage: most };
  expect(group(make({ controllers: { ...controllers, count } }), "example-alpha-controllers")).toMatchObject({
    desired_capacity: count,
    max_size: count + 1,
    // Also when none is ready any more: else the group would end them all at once.
    instance_maintenance_policy: healthy,
    instance_refresh: { preferences: healthy },
  });
  expect(Math.floor((count * most) / 100) - count).toBe(1);
});

test("two controllers are refused", () => {
  expect(() => make({ controllers: { ...controllers, count: 2 } })).toThrow(
    /three controllers or more, not 2/,
  );
});

test("a controller reads the controllers' secret, and uses the key for this cluster's secrets alone", () => {
  expect(rightsOf(stack, "cluster_controllers_role")).toEqual([
    {
      Effect: "Allow",
      Action: ["secretsmanager:GetSecretValue"],
      Resource: [
        "arn:aws:secretsmanager:us-east-1:111111111111:secret:skyline/example/alpha/controllers-??????",
      ],
    },
    {
      Effect: "Allow",
      Action: ["kms:Encrypt", "kms:Decrypt"],
      Resource: [expect.stringMatching(/^aws_kms_key\.cluster_key_\w+\.arn$/)],
      Condition: { StringEquals: { "kms:EncryptionContext:cluster": "example-alpha" } },
    },
    { Effect: "Allow", Action: ["ec2:DescribeInstances"], Resource: ["*"] },
    SESSION_MANAGER,
  ]);
  // The context that the policy asks for is the one that is given.
  expect(userData(stack, "example-alpha-controllers")).toContain(
    "--encryption-context=cluster=example-alpha",
  );
});

test("the balancer is internal, takes 443 over all zones and cannot be deleted by chance", () => {
  expect(stack.only("aws_lb")).toEqual({
    name: "example-alpha-api",
    load_balancer_type: "network",
    internal: true,
    subnets: ["subnet-a", "subnet-b", "subnet-c"],
    security_groups: [expect.stringContaining("cluster_security_balancer_")],
    enable_cross_zone_load_balancing: true,
    enable_deletion_protection: true,
    tags: { Name: "example-alpha-api" },
  });
  expect(stack.only("aws_lb_listener")).toMatchObject({ port: 443, protocol: "TCP" });
});

test("the balancer sends to controllers that are ready, does not pass on client addresses, and ends connections", () => {
  expect(stack.only("aws_lb_target_group")).toEqual({
    name: "example-alpha-api",
    vpc_id: "vpc-1",
    target_type: "instance",
    protocol: "TCP",
    port: 6443,
    preserve_client_ip: "false",
    deregistration_delay: "60",
    connection_termination: true,
    health_check: {
      protocol: "HTTPS",
      path: "/readyz",
      port: "traffic-port",
      matcher: "200",
      interval: 10,
      timeout: 5,
      healthy_threshold: 2,
      unhealthy_threshold: 2,
    },
    tags: { Name: "example-alpha-api" },
  });
});

test("the API's name is the balancer's", () => {
  expect(stack.only("aws_route53_record", { name: "api.alpha.example.internal" })).toMatchObject({
    zone_id: "Z1",
    type: "A",
    alias: { name: expect.stringMatching(/^\$\{aws_lb\..*\.dns_name\}$/) },
  });
});

test("the workers' role may join", () => {
  expect(userData(stack, "example-alpha-controllers")).toContain(
    "arn:aws:iam::111111111111:role/example-alpha-worker",
  );
  expect(stack.only("aws_iam_role", { name: "example-alpha-worker" })).toBeDefined();
});
