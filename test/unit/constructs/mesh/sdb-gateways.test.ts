import { leaveLimit, runUserData } from "../../../support/user-data";
import { SESSION_MANAGER, rightsOf, userData } from "../self-managed/fixture";
import { place, rules, sdbGateways } from "./fixture";

const stack = sdbGateways();

test("given the least, the group has exactly these settings", () => {
  expect(stack.only("aws_autoscaling_group")).toEqual({
    name: "example-gateways",
    service_linked_role_arn: place.launchRoleArn,
    wait_for_capacity_timeout: "0",
    min_size: 3,
    max_size: 9,
    vpc_zone_identifier: place.network.privateSubnetIds,
    target_group_arns: [expect.stringMatching(/^\$\{aws_lb_target_group\./)],
    health_check_type: "ELB",
    health_check_grace_period: 300,
    default_instance_warmup: 120,
    launch_template: {
      id: expect.stringMatching(/^\$\{aws_launch_template\..*\.id\}$/),
      version: expect.stringMatching(/^\$\{aws_launch_template\..*\.latest_version\}$/),
    },
    instance_maintenance_policy: { min_healthy_percentage: 100, max_healthy_percentage: 200 },
    instance_refresh: {
      strategy: "Rolling",
      preferences: {
        min_healthy_percentage: 100,
        max_healthy_percentage: 200,
        checkpoint_percentages: [34, 100],
        checkpoint_delay: "300",
        instance_warmup: "120",
        skip_matching: true,
      },
    },
    tag: [
      { key: "skyline:environment", value: "example", propagate_at_launch: true },
      { key: "Name", value: "example-gateways", propagate_at_launch: true },
    ],
    timeouts: { delete: "30m" },
    lifecycle: { ignore_changes: ["desired_capacity"] },
  });
});

test("their number follows CPU and network", () => {
  const policies = stack
    .all("aws_autoscaling_policy")
    .map((policy) => [policy.policy_type, policy.target_tracking_configuration]);
  const tracked = (predefined_metric_type: string, target_value: number) => [
    "TargetTrackingScaling",
    { predefined_metric_specification: { predefined_metric_type }, target_value },
  ];
  expect(policies).toEqual([
    tracked("ASGAverageCPUUtilization", 50),
    tracked("ASGAverageNetworkOut", 3_500_000_000),
  ]);
});

test("the balancer is internal, over all zones, and protected", () => {
  expect(stack.only("aws_lb")).toEqual({
    name: "example-gateways",
    load_balancer_type: "network",
    internal: true,
    subnets: place.network.privateSubnetIds,
    security_groups: [expect.stringMatching(/balancer-security/)],
    enable_cross_zone_load_balancing: true,
    enable_deletion_protection: true,
    tags: { Name: "example-gateways" },
  });
  expect(stack.only("aws_lb_listener")).toMatchObject({ protocol: "TCP", port: 5042 });
  expect(stack.only("aws_route53_record")).toMatchObject({
    zone_id: "Z1",
    name: "sdb.example.internal",
    type: "A",
    alias: { evaluate_target_health: false },
  });
});

test("no connection is cut when a gateway goes, and new ones go where a gateway is ready", () => {
  expect(stack.only("aws_lb_target_group")).toEqual({
    name: "example-gateways",
    vpc_id: "vpc-1",
    target_type: "instance",
    protocol: "TCP",
    port: 5042,
    preserve_client_ip: "false",
    deregistration_delay: "300",
    connection_termination: false,
    target_health_state: [{ enable_unhealthy_connection_termination: false }],
    health_check: {
      protocol: "HTTP",
      path: "/ready",
      port: "5044",
      matcher: "200",
      timeout: 5,
      healthy_threshold: 2,
      interval: 10,
      unhealthy_threshold: 2,
    },
    tags: { Name: "example-gateways" },
  });
});

test("a gateway is drained for longer than the balancer takes to see it, and within what its hook waits", () => {
  const { health_check: check } = stack.only("aws_lb_target_group") as {
    health_check: { interval: number; unhealthy_threshold: number };
  };
  const drain = Number(/^SKYLINE_DRAIN_SECONDS="(\d+)"$/m.exec(userData(stack, "example-gateways"))?.[1]);
  expect(drain).toBeGreaterThan(check.interval * check.unhealthy_threshold);
  const hook = stack.only("aws_autoscaling_lifecycle_hook");
  expect(hook).toMatchObject({
    name: "leave",
    lifecycle_transition: "autoscaling:EC2_INSTANCE_TERMINATING",
    default_result: "CONTINUE",
  });
  // NGINX has 75 s to finish what it has, the agent 60 s to leave.
  expect(Number(hook.heartbeat_timeout)).toBeGreaterThan(drain + 75 + 60);
  expect(leaveLimit(userData(stack, "example-gateways"))).toBeGreaterThan(drain + 75 + 60);
});

test("the role may read the gateways' secret and which cluster is active, find servers and say that it has left", () => {
  expect(rightsOf(stack, "gateways_role").map(({ Action, Resource }) => [Action, Resource])).toEqual([
    [
      ["secretsmanager:GetSecretValue"],
      ["arn:aws:secretsmanager:us-east-1:111111111111:secret:skyline/example/consul/gateways-??????"],
    ],
    [["ec2:DescribeInstances"], ["*"]],
    [["ssm:GetParameter"], ["arn:aws:ssm:us-east-1:111111111111:parameter/skyline/example/active"]],
    [
      ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"],
      ["arn:aws:autoscaling:us-east-1:111111111111:autoScalingGroup:*:autoScalingGroupName/example-gateways"],
    ],
    [SESSION_MANAGER.Action, SESSION_MANAGER.Resource],
  ]);
});

test("security groups let through exactly this", () => {
  const clients = [{ name: "office", cidr: "10.90.0.0/16" }];
  const withClients = sdbGateways({ place: { ...place, clients } });
  expect(rules(withClients, "ingress")).toEqual([
    "example-gateways 10.0.0.0/16 tcp 5044",
    "example-gateways 10.0.0.0/16 tcp 8301",
    "example-gateways 10.0.0.0/16 udp 8301",
    "example-gateways 10.90.0.0/16 tcp 5044",
    "example-gateways example-gateways-balancer tcp 5042",
    "example-gateways example-gateways-balancer tcp 5044",
    "example-gateways-balancer 10.0.0.0/16 tcp 5042",
    "example-gateways-balancer 10.90.0.0/16 tcp 5042",
  ]);
  expect(rules(withClients, "egress")).toEqual([
    "example-gateways 0.0.0.0/0 tcp 443",
    "example-gateways 10.0.0.0/16 tcp 5041",
    "example-gateways 10.0.0.0/16 tcp 8300",
    "example-gateways 10.0.0.0/16 tcp 8301",
    "example-gateways 10.0.0.0/16 udp 8301",
    "example-gateways-balancer example-gateways tcp 5042",
    "example-gateways-balancer example-gateways tcp 5044",
  ]);
});

test("a client network may have the name of any other rule", () => {
  const clients = ["vpc", "calls", "health", "office"].map((name, n) => ({ name, cidr: `10.9${n}.0.0/16` }));
  const named = rules(sdbGateways({ place: { ...place, clients } }), "ingress");
  expect(named).toEqual(
    expect.arrayContaining(clients.map(({ cidr }) => `example-gateways-balancer ${cidr} tcp 5042`)),
  );
});

test("user data starts the gateways' target, says where secrets are, and holds none", () => {
  const script = userData(stack, "example-gateways");
  expect(script).toContain('SKYLINE_SECRETS="skyline/example/consul/gateways:/etc/consul.d/pki:consul"\n');
  expect(script).toMatch(/systemctl enable --now --no-block skyline-gateway\.target\n$/);
  expect(script).toContain('SKYLINE_ROLE="gateway"\n');
  expect(script).not.toMatch(/PRIVATE KEY|"encrypt"|"tokens"/);
});

describe("what user data writes for the mesh", () => {
  const { files } = runUserData(userData(stack, "example-gateways"));
  const text = (path: string) => files[path]?.content ?? "";

  test("settings of a gateway, which hear of clusters from Consul, and of the active one from the registry's parameter", () => {
    expect(JSON.parse(text("/etc/skyline/mesh/node.json"))).toEqual({
      role: "gateway",
      environment: "example",
      nginx: "/usr/sbin/nginx",
      paths: { state: "/var/lib/skyline/mesh", run: "/run/skyline/mesh", log: "/var/log/skyline/mesh" },
      ports: { local: 5040, inbound: 5041, gateway: 5042, health: 5044 },
      listen: { local: "127.0.0.1", node: "0.0.0.0", health: "0.0.0.0" },
      denied: ["kubernetes", "skyline-bridge"],
      initialWeightsFile: "/var/lib/skyline/mesh/initial-weights.json",
    });
    expect(userData(stack, "example-gateways")).not.toMatch(/alpha|bravo/);
  });

  test("NGINX at the gateways' ports, and consul-template of this node", () => {
    const nginx = text("/etc/skyline/mesh/nginx.conf");
    expect(nginx).toContain("listen 0.0.0.0:5042");
    expect(nginx).toContain("/run/skyline/draining");
    const template = text("/etc/skyline/mesh/consul-template.hcl");
    expect(template).toContain('token_file = "/etc/skyline/consul-template.token"');
    expect(`${nginx}${template}`).not.toContain("@@");
    expect(JSON.parse(text("/etc/consul.d/skyline.json"))).toMatchObject({
      limits: { http_max_conns_per_client: 16_384 },
    });
  });

  test("within what EC2 takes, with room for the longest name of an environment", () => {
    const longest = "e".repeat(20);
    const most = sdbGateways({ place: { ...place, environment: longest } });
    expect(Buffer.byteLength(userData(most, `${longest}-gateways`))).toBeLessThan(16 * 1024);
  });
});

test("servers and other nodes are not found by the gateways' tags", () => {
  expect(JSON.stringify(stack.only("aws_autoscaling_group").tag)).not.toContain("skyline:consul");
  expect(JSON.stringify(stack.only("aws_launch_template").tag_specifications)).not.toContain(
    "skyline:consul",
  );
});

test.each([
  [2, 9],
  [5, 3],
  [3, 3.5],
])("from %p to %p gateways is refused", (min, max) => {
  expect(() => sdbGateways({ min, max })).toThrow(
    `gateways want whole numbers 3 ≤ min ≤ max, not ${min} and ${max}`,
  );
});
