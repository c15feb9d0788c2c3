import { NodeImage } from "../../../../constructs/instances/node-image";
import { leaveLimit } from "../../../support/user-data";
import { SESSION_MANAGER, rightsOf, userData } from "../self-managed/fixture";
import { consulServers, place, rules } from "./fixture";

const stack = consulServers();
const tags = {
  "skyline:environment": "example",
  "skyline:consul": "example",
  Name: "example-consul-servers",
};

test("given the least, the group has exactly these settings", () => {
  const refreshed = { min_healthy_percentage: 100, max_healthy_percentage: 134 };
  expect(stack.only("aws_autoscaling_group")).toEqual({
    name: "example-consul-servers",
    service_linked_role_arn: place.launchRoleArn,
    wait_for_capacity_timeout: "0",
    min_size: 3,
    max_size: 4,
    desired_capacity: 3,
    vpc_zone_identifier: place.network.privateSubnetIds,
    health_check_type: "EC2",
    health_check_grace_period: 300,
    launch_template: {
      id: expect.stringMatching(/^\$\{aws_launch_template\..*\.id\}$/),
      version: expect.stringMatching(/^\$\{aws_launch_template\..*\.latest_version\}$/),
    },
    instance_maintenance_policy: refreshed,
    instance_refresh: {
      strategy: "Rolling",
      preferences: { ...refreshed, instance_warmup: "60", skip_matching: true },
    },
    tag: Object.entries(tags).map(([key, value]) => ({ key, value, propagate_at_launch: true })),
    timeouts: { delete: "30m" },
  });
});

test.each([
  [3, 134],
  [5, 120],
  [7, 115],
])("of %i servers one more at a time is %i percent", (servers, percent) => {
  const group = consulServers({ servers }).only("aws_autoscaling_group");
  expect(group).toMatchObject({
    desired_capacity: servers,
    max_size: servers + 1,
    instance_refresh: {
      preferences: { min_healthy_percentage: 100, max_healthy_percentage: percent },
    },
  });
  expect(Math.floor((servers * percent) / 100)).toBe(servers + 1);
});

test("a new server is in service when it says so, and is thrown away when it never does; an old one leaves first", () => {
  const hook = (name: string) => stack.only("aws_autoscaling_lifecycle_hook", { name });
  expect(hook("voter")).toMatchObject({
    lifecycle_transition: "autoscaling:EC2_INSTANCE_LAUNCHING",
    default_result: "ABANDON",
    heartbeat_timeout: 1800,
  });
  expect(hook("leave")).toMatchObject({
    lifecycle_transition: "autoscaling:EC2_INSTANCE_TERMINATING",
    default_result: "CONTINUE",
    heartbeat_timeout: 900,
  });
});

test("servers have IMDSv2 with one hop, and one volume that the mesh's key encrypts", () => {
  expect(stack.only("aws_launch_template")).toMatchObject({
    image_id: "ami-0123456789abcdef0",
    instance_type: "m7i.large",
    metadata_options: {
      http_endpoint: "enabled",
      http_tokens: "required",
      http_put_response_hop_limit: 1,
      instance_metadata_tags: "disabled",
    },
    block_device_mappings: [
      {
        device_name: "/dev/xvda",
        ebs: {
          volume_type: "gp3",
          volume_size: 40,
          encrypted: "true",
          kms_key_id: place.keyArn,
          delete_on_termination: "true",
        },
      },
    ],
    tag_specifications: ["instance", "volume", "network-interface"].map((resource_type) => ({
      resource_type,
      tags,
    })),
  });
});

test("the role may do exactly this", () => {
  const bucket = expect.stringMatching(/aws_s3_bucket\.servers_snapshots_bucket_\w+\.arn\}\/\*$/);
  expect(rightsOf(stack, "servers_role")).toEqual([
    {
      Effect: "Allow",
      Action: ["secretsmanager:GetSecretValue"],
      Resource: [
        "arn:aws:secretsmanager:us-east-1:111111111111:secret:skyline/example/consul/servers-??????",
      ],
    },
    { Effect: "Allow", Action: ["ec2:DescribeInstances"], Resource: ["*"] },
    {
      Effect: "Allow",
      Action: ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"],
      Resource: [
        "arn:aws:autoscaling:us-east-1:111111111111:autoScalingGroup:*:autoScalingGroupName/example-consul-servers",
      ],
    },
    { Effect: "Allow", Action: ["s3:PutObject"], Resource: [bucket] },
    {
      Effect: "Allow",
      Action: ["kms:GenerateDataKey", "kms:Decrypt"],
      Resource: [place.keyArn],
      Condition: { StringEquals: { "kms:ViaService": "s3.us-east-1.amazonaws.com" } },
    },
    SESSION_MANAGER,
  ]);
});

test("security groups let through exactly this", () => {
  expect(rules(stack, "ingress")).toEqual([
    "example-consul-servers 10.0.0.0/16 tcp 8300",
    "example-consul-servers 10.0.0.0/16 tcp 8301",
    "example-consul-servers 10.0.0.0/16 udp 8301",
  ]);
  expect(rules(stack, "egress")).toEqual([
    "example-consul-servers 0.0.0.0/0 tcp 443",
    "example-consul-servers 10.0.0.0/16 tcp 8300",
    "example-consul-servers 10.0.0.0/16 tcp 8301",
    "example-consul-servers 10.0.0.0/16 udp 8301",
  ]);
});

test("snapshots are versioned, encrypted by the mesh's key, private, over TLS alone, and kept with the environment", () => {
  expect(stack.only("aws_s3_bucket")).toMatchObject({
    bucket: "example-consul-111111111111",
    lifecycle: { prevent_destroy: true },
  });
  expect(stack.only("aws_s3_bucket_versioning").versioning_configuration).toEqual({ status: "Enabled" });
  expect(stack.only("aws_s3_bucket_server_side_encryption_configuration").rule).toMatchObject([
    {
      apply_server_side_encryption_by_default: {
        sse_algorithm: "aws:kms",
        kms_master_key_id: place.keyArn,
      },
    },
  ]);
  expect(stack.only("aws_s3_bucket_public_access_block")).toMatchObject({
    block_public_acls: true,
    block_public_policy: true,
    ignore_public_acls: true,
    restrict_public_buckets: true,
  });
  expect(String(stack.only("aws_s3_bucket_policy").policy)).toContain("aws:SecureTransport");
});

test("user data starts the servers' target, says where secrets are, and holds none", () => {
  const script = userData(stack, "example-consul-servers");
  expect(script).toContain('SKYLINE_SECRETS="skyline/example/consul/servers:/etc/consul.d/pki:consul"\n');
  expect(script).toMatch(/systemctl enable --now --no-block skyline-consul\.target\n$/);
  expect(script).toContain('SKYLINE_ROLE="consul"\n');
  expect(script).toContain('SKYLINE_LAUNCH_HOOK="voter"\n');
  expect(script).toContain('SKYLINE_LIFECYCLE_HOOK="leave"\n');
  // A server waits for 300 s until the others can do without it.
  expect(leaveLimit(script)).toBeGreaterThan(300 + 60);
  expect(script).toContain('SKYLINE_SNAPSHOT_BUCKET="example-consul-111111111111"\n');
  expect(script).not.toMatch(/PRIVATE KEY|"encrypt"|"tokens"|initial_management/);
});

test.each([2, 4, 1, 0, 3.5])("%p servers are refused", (servers) => {
  expect(() => consulServers({ servers })).toThrow(
    `Consul wants an odd number of servers, three or more, not ${servers}`,
  );
});

test("EKS' stock image is refused", () => {
  expect(() => consulServers({ image: NodeImage.al2023() })).toThrow(/cannot start from EKS' stock image/);
});
