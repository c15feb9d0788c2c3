import { Fn, Token } from "cdktf";
import { pluck } from "../../../support/construct";
import { leaveLimit } from "../../../support/user-data";
import { SESSION_MANAGER, group, image, least, make, rightsOf, statements, userData } from "./fixture";

const stack = make();
const members = [0, 1, 2].map((index) => `example-alpha-etcd-${index}`);
const etcd = { instanceType: "m7i.large", volumeGiB: 50, image };

describe("a member", () => {
  test("is a group of one in a zone of its own, which nothing refreshes", () => {
    for (const [index, name] of members.entries()) {
      expect(group(stack, name)).toEqual({
        name,
        min_size: 1,
        max_size: 1,
        desired_capacity: 1,
        vpc_zone_identifier: [least.network.privateSubnetIds[index]],
        health_check_type: "EC2",
        health_check_grace_period: 300,
        launch_template: {
          id: expect.stringMatching(`aws_launch_template.cluster_etcd_member-${index}_`),
          version: expect.stringMatching(/\.latest_version\}$/),
        },
        service_linked_role_arn: expect.stringMatching(/^\$\{aws_iam_service_linked_role\./),
        wait_for_capacity_timeout: "0",
        tag: expect.arrayContaining([{ key: "Name", value: name, propagate_at_launch: true }]),
        timeouts: { delete: "30m" },
      });
    }
  });

  test("keeps a volume, an interface and a name, each in the member's own zone", () => {
    for (const [index, name] of members.entries()) {
      expect(stack.only("aws_ebs_volume", { tags: { Name: name } })).toEqual({
        availability_zone: least.zones[index],
        type: "gp3",
        size: 50,
        encrypted: true,
        kms_key_id: expect.stringMatching(/^\$\{aws_kms_key\.cluster_key_/),
        tags: { Name: name },
        lifecycle: { prevent_destroy: true },
      });
      expect(stack.only("aws_network_interface", { tags: { Name: name } })).toMatchObject({
        subnet_id: least.network.privateSubnetIds[index],
        security_groups: [expect.stringContaining("cluster_security_etcd_")],
      });
      expect(
        stack.only("aws_route53_record", { name: `etcd-${index}.alpha.example.internal` }),
      ).toMatchObject({
        type: "A",
        records: [expect.stringContaining(`member-${index}_interface_`)],
      });
    }
  });

  test("reads its own secret, and takes its own volume and interface to its own instances", () => {
    for (const [index, name] of members.entries()) {
      const rights = rightsOf(stack, `etcd_member-${index}_`);
      expect(rights).toContainEqual(SESSION_MANAGER);
      const resourcesOf = (action: string) =>
        rights.filter(({ Action }) => Action.includes(action)).flatMap(({ Resource }) => Resource);
      expect(resourcesOf("secretsmanager:GetSecretValue")).toEqual([
        `arn:aws:secretsmanager:us-east-1:111111111111:secret:skyline/example/alpha/etcd-${index}-??????`,
      ]);
      for (const [action, own] of [
        ["ec2:AttachVolume", /^aws_ebs_volume\.cluster_etcd_member-/],
        ["ec2:AttachNetworkInterface", /^aws_network_interface\.cluster_etcd_member-/],
      ] as const) {
        expect(resourcesOf(action)).toEqual([
          expect.stringMatching(own),
          "arn:aws:ec2:us-east-1:111111111111:instance/*",
        ]);
        expect(resourcesOf(action)[0]).toContain(`member-${index}_`);
      }
      expect(
        rights.find(({ Resource }) => Resource.some((arn) => arn.endsWith(":instance/*")))?.Condition,
      ).toEqual({
        StringEquals: { "aws:ResourceTag/Name": name },
      });
      expect(resourcesOf("autoscaling:CompleteLifecycleAction")).toEqual([
        `arn:aws:autoscaling:us-east-1:111111111111:autoScalingGroup:*:autoScalingGroupName/${name}`,
      ]);
    }
  });

  test("takes nothing away from an instance that may still be writing", () => {
    expect(JSON.stringify(rightsOf(stack, "etcd_member-0_"))).not.toContain("Detach");
  });

  test("uses the cluster's key by EC2 and S3 alone, and lends it to volumes alone", () => {
    const kms = rightsOf(stack, "etcd_member-0_").filter(({ Action }) =>
      Action.some((it) => it.startsWith("kms:")),
    );
    expect(pluck(kms as never, "Condition")).toEqual([
      { StringEquals: { "kms:ViaService": ["ec2.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com"] } },
      {
        StringEquals: { "kms:ViaService": ["ec2.us-east-1.amazonaws.com"] },
        Bool: { "kms:GrantIsForAWSResource": "true" },
      },
    ]);
  });

  test("has all rights before its first instance", () => {
    const template = stack.only("aws_launch_template", { name: "example-alpha-etcd-0" });
    expect(template.depends_on).toEqual([
      expect.stringMatching(/^aws_iam_role_policy\.cluster_etcd_member-0_/),
    ]);
  });

  test("is held by its hook when it ends, for less than its first heartbeat while the cluster is not protected", () => {
    const timeouts = (deletionProtection: boolean) =>
      pluck(make({ deletionProtection }).all("aws_autoscaling_lifecycle_hook"), "heartbeat_timeout");
    expect(timeouts(true)).toEqual([300, 300, 300]);
    expect(timeouts(false)).toEqual([30, 30, 30]);
    expect(stack.all("aws_autoscaling_lifecycle_hook")[0]).toMatchObject({
      lifecycle_transition: "autoscaling:EC2_INSTANCE_TERMINATING",
      default_result: "CONTINUE",
    });
  });

  test("waits for the others for hours, yet less than EC2 Auto Scaling waits for it at most", () => {
    const limit = (deletionProtection: boolean) =>
      leaveLimit(userData(make({ deletionProtection }), "example-alpha-etcd-0"));
    expect(limit(true)).toBeGreaterThan(4 * 60 * 60);
    expect(limit(true)).toBeLessThan(100 * 300);
    expect(limit(false)).toBe(30);
  });

  test("gets user data that Terraform fills in", () => {
    const text = userData(stack, "example-alpha-etcd-1");
    for (const place of ["@@VOLUME_ID@@", "@@INTERFACE_ID@@", "@@ADDRESS@@", "@@SNAPSHOT_KEY_ARN@@"]) {
      expect(text).toContain(place);
    }
    expect(text).toContain("example-alpha-etcd-111111111111");
    const code = String(stack.only("aws_launch_template", { name: "example-alpha-etcd-1" }).user_data);
    expect(code).toMatch(/aws_ebs_volume\.cluster_etcd_member-1_volume_\w+\.id/);
    expect(code).toMatch(/aws_network_interface\.cluster_etcd_member-1_interface_\w+\.private_ip/);
  });
});

test("given a list of subnets that is known only at apply, each member takes the one of its zone", () => {
  const later = make({
    network: { ...least.network, privateSubnetIds: Token.asList(Fn.tolist(["subnet-later"])) },
  });
  expect(group(later, "example-alpha-etcd-2").vpc_zone_identifier).toEqual([
    expect.stringMatching(/element\(.*, 2\)/),
  ]);
});

test("five members take five zones", () => {
  const zones = ["a", "b", "c", "d", "e"].map((letter) => `us-east-1${letter}`);
  const network = { ...least.network, privateSubnetIds: zones.map((zone) => `subnet-${zone}`) };
  const five = make({ zones, network, etcd: { ...etcd, members: 5 } });
  expect(pluck(five.all("aws_ebs_volume"), "availability_zone").sort()).toEqual(zones);
});

test.each([
  ["four members", { etcd: { ...etcd, members: 4 } }, /3 or 5 members, not 4/],
  [
    "more members than zones",
    { etcd: { ...etcd, members: 5 } },
    /5 etcd members .* us-east-1a, us-east-1b, us-east-1c/,
  ],
])("given %s, synth fails", (_, props, message) => {
  expect(() => make(props)).toThrow(message);
});

describe("snapshots", () => {
  test("are versioned, encrypted by the cluster's key, private and not kept for ever", () => {
    expect(stack.only("aws_s3_bucket")).toMatchObject({
      bucket: "example-alpha-etcd-111111111111",
      force_destroy: false,
      lifecycle: { prevent_destroy: true },
    });
    expect(stack.only("aws_s3_bucket_versioning").versioning_configuration).toEqual({ status: "Enabled" });
    expect(stack.only("aws_s3_bucket_server_side_encryption_configuration").rule).toEqual([
      {
        apply_server_side_encryption_by_default: {
          sse_algorithm: "aws:kms",
          kms_master_key_id: expect.stringMatching(/^\$\{aws_kms_key\.cluster_key_/),
        },
        bucket_key_enabled: true,
      },
    ]);
    expect(stack.only("aws_s3_bucket_public_access_block")).toMatchObject({
      block_public_acls: true,
      block_public_policy: true,
      ignore_public_acls: true,
      restrict_public_buckets: true,
    });
    expect(stack.only("aws_s3_bucket_lifecycle_configuration").rule).toEqual([
      expect.objectContaining({
        expiration: [{ days: 30 }],
        noncurrent_version_expiration: [{ noncurrent_days: 30 }],
      }),
    ]);
  });

  test("are refused without TLS", () => {
    expect(statements(stack.only("aws_s3_bucket_policy"))).toEqual([
      expect.objectContaining({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
    ]);
  });

  test("go with the cluster when it retires", () => {
    expect(make({ deletionProtection: false }).only("aws_s3_bucket")).toMatchObject({
      force_destroy: true,
      lifecycle: { prevent_destroy: false },
    });
  });
});
