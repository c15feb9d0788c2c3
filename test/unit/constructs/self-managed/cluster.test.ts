import { SelfManagedCluster } from "../../../../constructs/cluster/self-managed/self-managed-cluster";
import { inStack, pluck } from "../../../support/construct";
import { admin, deployer, general, least, make, statements, userData, withWorkers } from "./fixture";

const stack = withWorkers();

test("a cluster says what mesh, platform and registry ask of either kind", () => {
  let cluster: SelfManagedCluster | undefined;
  inStack((scope) => {
    cluster = new SelfManagedCluster(scope, "cluster", least);
  });
  expect(cluster).toMatchObject({
    clusterName: "alpha",
    resourceName: "example-alpha",
    kind: "self-managed",
    endpoint: "https://api.alpha.example.internal",
    gatewayTargets: { service: "kubernetes-worker", meta: { cluster: "alpha" }, port: 5041 },
  });
  const parameters = (stack.code.data as Record<string, Record<string, unknown>>).aws_ssm_parameter ?? {};
  expect(Object.values(parameters)).toEqual([{ name: "/skyline/example/authorities/alpha" }]);
});

describe("security groups", () => {
  const names = new Map(
    Object.entries(
      (stack.code.resource as Record<string, Record<string, { name: string }>>).aws_security_group ?? {},
    ).map(([id, { name }]) => [`\${aws_security_group.${id}.id}`, name]),
  );
  const rules = (type: string) =>
    stack
      .all(type)
      .map(
        (rule) =>
          `${names.get(String(rule.security_group_id))} ${rule.cidr_ipv4 ?? names.get(String(rule.referenced_security_group_id))} ${rule.ip_protocol} ${rule.from_port ?? "all"}`,
      )
      .sort();

  test("let in exactly these", () => {
    expect(rules("aws_vpc_security_group_ingress_rule")).toEqual([
      "example-alpha-control-plane 10.0.0.0/16 tcp 443",
      "example-alpha-controllers example-alpha-control-plane tcp 6443",
      "example-alpha-controllers example-alpha-workers tcp 6443",
      "example-alpha-etcd example-alpha-controllers tcp 2379",
      "example-alpha-etcd example-alpha-etcd tcp 2379",
      "example-alpha-etcd example-alpha-etcd tcp 2380",
      "example-alpha-workers 10.0.0.0/16 tcp 5041",
      "example-alpha-workers 10.0.0.0/16 tcp 8301",
      "example-alpha-workers 10.0.0.0/16 udp 8301",
      "example-alpha-workers example-alpha-controllers tcp 10250",
      "example-alpha-workers example-alpha-workers tcp 10250",
      "example-alpha-workers example-alpha-workers udp 8472",
    ]);
  });

  test("let out exactly these", () => {
    expect(rules("aws_vpc_security_group_egress_rule")).toEqual([
      "example-alpha-control-plane example-alpha-controllers tcp 6443",
      "example-alpha-controllers 0.0.0.0/0 tcp 443",
      "example-alpha-controllers example-alpha-etcd tcp 2379",
      "example-alpha-controllers example-alpha-workers tcp 10250",
      "example-alpha-etcd 0.0.0.0/0 tcp 443",
      "example-alpha-etcd example-alpha-etcd tcp 2379",
      "example-alpha-etcd example-alpha-etcd tcp 2380",
      "example-alpha-workers 0.0.0.0/0 -1 all",
    ]);
  });

  test("let named clients to the API", () => {
    const client = make({ clients: [{ name: "office", cidr: "10.90.0.0/16" }] });
    expect(client.only("aws_vpc_security_group_ingress_rule", { cidr_ipv4: "10.90.0.0/16" })).toMatchObject({
      from_port: 443,
      to_port: 443,
      security_group_id: expect.stringContaining("cluster_security_balancer_"),
    });
  });
});

describe("the cluster's key", () => {
  test("rotates, belongs to the account, and is used by the role that launches the cluster's own groups", () => {
    const key = stack.only("aws_kms_key");
    expect(key).toMatchObject({ enable_key_rotation: true, deletion_window_in_days: 30 });
    expect(statements(key)).toEqual([
      expect.objectContaining({ Sid: "Account", Principal: { AWS: "arn:aws:iam::111111111111:root" } }),
      expect.objectContaining({ Sid: "LaunchOnEncryptedVolumes" }),
      expect.objectContaining({
        Sid: "LendToVolumes",
        Action: ["kms:CreateGrant"],
        Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
      }),
    ]);
    expect(
      String(key.policy).match(/aws_iam_service_linked_role\.cluster_launch-role_\w+\.arn/g),
    ).toHaveLength(2);
  });

  test("encrypts every root volume, which is gp3", () => {
    const templates = stack.all("aws_launch_template");
    expect(templates).toHaveLength(5);
    for (const template of templates) {
      expect(template.block_device_mappings).toEqual([
        {
          device_name: "/dev/xvda",
          ebs: expect.objectContaining({
            volume_type: "gp3",
            encrypted: "true",
            kms_key_id: expect.stringMatching(/^\$\{aws_kms_key\.cluster_key_/),
          }),
        },
      ]);
    }
  });

  test("the role's name stays within 64 characters", () => {
    const longest = make({ environment: "e".repeat(20), clusterName: "c".repeat(20) });
    const suffix = String(longest.only("aws_iam_service_linked_role").custom_suffix);
    expect(`AWSServiceRoleForAutoScaling_${suffix}`.length).toBeLessThanOrEqual(64);
    expect(String(longest.only("aws_lb").name).length).toBeLessThanOrEqual(32);
    expect(String(longest.only("aws_s3_bucket").bucket).length).toBeLessThanOrEqual(63);
  });
});

test("metadata is served by IMDSv2 and one hop far, on every node", () => {
  expect(pluck(stack.all("aws_launch_template"), "metadata_options")).toEqual(
    Array(5).fill({
      http_endpoint: "enabled",
      http_tokens: "required",
      http_put_response_hop_limit: 1,
      instance_metadata_tags: "disabled",
    }),
  );
});

test("what is launched says whose it is", () => {
  for (const { name, tag_specifications } of stack.all("aws_launch_template")) {
    const tags = { "skyline:environment": "example", "skyline:cluster": "alpha", Name: name };
    expect(tag_specifications).toEqual(
      ["instance", "volume", "network-interface"].map((resource_type) => ({ resource_type, tags })),
    );
  }
});

test("protection can be given up: of volumes, bucket, key and balancer", () => {
  const protections = (deletionProtection: boolean) => {
    const made = make({ deletionProtection });
    return [
      ...["aws_ebs_volume", "aws_s3_bucket", "aws_kms_key"].flatMap((type) =>
        made.all(type).map(({ lifecycle }) => (lifecycle as { prevent_destroy: boolean }).prevent_destroy),
      ),
      made.only("aws_lb").enable_deletion_protection,
    ];
  };
  expect(protections(true)).toEqual(Array(6).fill(true));
  expect(protections(false)).toEqual(Array(6).fill(false));
});

describe("no secret", () => {
  const everything = JSON.stringify(stack.code);
  const texts = stack.all("aws_launch_template").map(({ name }) => userData(stack, String(name)));

  test("is read or written by Terraform", () => {
    expect(everything).not.toMatch(/"aws_secretsmanager_\w+"/);
    expect(everything).not.toMatch(/aws_kms_(secrets|ciphertext)|"(random_|tls_)/);
  });

  test("is in user data: names of secrets, and no keys, tokens or passwords", () => {
    expect(texts).toHaveLength(5);
    for (const text of texts) {
      expect(text).toMatch(/^SKYLINE_SECRETS="?skyline\/example\//m);
      expect(text).not.toMatch(/PRIVATE KEY|BEGIN CERTIFICATE|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/);
      expect(text).not.toMatch(/(password|token|secret)["']?\s*[:=]\s*["']?[A-Za-z0-9+/]{16,}/i);
    }
  });
});

test("user data stays within 16 KiB with the longest names, labels and values", () => {
  const long = make(
    {
      environment: "e".repeat(20),
      clusterName: "c".repeat(20),
      region: "ap-southeast-1",
      domain: `${"d".repeat(63)}.${"d".repeat(63)}.internal`,
      admins: Array.from({ length: 5 }, (_, n) => `arn:aws:iam::111111111111:role/${"a".repeat(60)}${n}`),
    },
    (cluster) =>
      cluster.addWorkers("w".repeat(20), {
        ...general,
        labels: Object.fromEntries(
          Array.from({ length: 10 }, (_, n) => [`example.com/label-${n}`, "v".repeat(63)]),
        ),
      }),
  );
  const filled: Record<string, number> = { "@@CERTIFICATE_AUTHORITY@@": 1400 };
  const templates = long.all("aws_launch_template");
  expect(templates).toHaveLength(5);
  for (const { name } of templates) {
    const text = userData(long, String(name));
    const places = text.match(/@@[A-Z_]+@@/g) ?? [];
    const bytes = places.reduce((sum, place) => sum + (filled[place] ?? 80), Buffer.byteLength(text));
    expect({ name, tooLong: Math.max(0, bytes - 16 * 1024) }).toEqual({ name, tooLong: 0 });
  }
});

test("given names, people or networks that cannot be used, synth fails", () => {
  expect(() => make({ admins: [] })).toThrow(/alpha has no admin/);
  expect(() => make({ deployer: "" })).toThrow(/alpha has no deployer/);
  expect(() => make({ admins: [admin, deployer] })).toThrow(/both admin and deployer/);
  expect(() => make({ clusterName: "Alpha" })).toThrow(/"Alpha" is no cluster name/);
  expect(() => make({ podCidr: "100.64.0.1/16" })).toThrow(/100\.64\.0\.1\/16 has host bits set/);
});
