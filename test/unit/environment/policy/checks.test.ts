import { DEPLOYER, found, wrongWith } from "./checked";

describe("public-endpoint", () => {
  test.each([
    [
      "an EKS endpoint that is open to two networks",
      "aws_eks_cluster",
      {
        vpc_config: {
          endpoint_public_access: true,
          public_access_cidrs: ["203.0.113.0/24", "198.51.100.7/32"],
        },
      },
      "endpoint_public_access is true: the API endpoint is open to 203.0.113.0/24, 198.51.100.7/32; ",
    ],
    [
      "one that is open since nobody closed it",
      "aws_eks_cluster",
      { vpc_config: [{ subnet_ids: [] }] },
      "endpoint_public_access is not set: the API endpoint is open to all of the internet",
    ],
    [
      "a balancer that faces the internet",
      "aws_lb",
      { internal: false },
      "internal is false, so it faces the internet",
    ],
    ["one of which nobody says", "aws_lb", { load_balancer_type: "network" }, "internal is not set"],
    ["a classic one", "aws_elb", {}, "internal is not set"],
    [
      "an instance with a public address",
      "aws_instance",
      { associate_public_ip_address: true },
      "associate_public_ip_address is true",
    ],
    [
      "a template of such instances",
      "aws_launch_template",
      { network_interfaces: [{ associate_public_ip_address: "true" }] },
      "associate_public_ip_address is true",
    ],
    [
      "a subnet that gives them",
      "aws_subnet",
      { map_public_ip_on_launch: true },
      "map_public_ip_on_launch is true",
    ],
    ["a database", "aws_db_instance", { publicly_accessible: true }, "publicly_accessible is true"],
    [
      "a function that anybody may call",
      "aws_lambda_function_url",
      { authorization_type: "NONE" },
      "anybody may call the function",
    ],
    [
      "a balancer that Kubernetes makes",
      "kubernetes_service_v1",
      { metadata: { name: "a" }, spec: { type: "LoadBalancer" } },
      "makes a balancer that faces the internet",
    ],
  ])("%s", (_, type, values, words) => {
    const wrong = wrongWith("public-endpoint", type, values);
    expect(wrong).toEqual([expect.stringContaining(words)]);
  });

  test.each<[string, string, object]>([
    ["a private EKS endpoint", "aws_eks_cluster", { vpc_config: { endpoint_public_access: false } }],
    ["an internal balancer", "aws_lb", { internal: true }],
    ["a gateway balancer, which faces nobody", "aws_lb", { load_balancer_type: "gateway" }],
    ["what only an apply will tell", "aws_lb", { internal: "${var.internal}" }],
    ["a private subnet", "aws_subnet", { map_public_ip_on_launch: false }],
    [
      "an internal balancer that Kubernetes makes",
      "kubernetes_service_v1",
      {
        metadata: [{ annotations: { "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal" } }],
        spec: [{ type: "LoadBalancer" }],
      },
    ],
    ["a Service inside the cluster", "kubernetes_service_v1", { spec: { type: "ClusterIP" } }],
  ])("nothing about %s", (_, type, values) => {
    expect(wrongWith("public-endpoint", type, values as never)).toEqual([]);
  });
});

describe("open-ingress", () => {
  test.each<[string, string, object, string]>([
    [
      "a rule",
      "aws_vpc_security_group_ingress_rule",
      { cidr_ipv4: "0.0.0.0/0", ip_protocol: "tcp", from_port: 443, to_port: 443 },
      "lets in 0.0.0.0/0 on port 443",
    ],
    [
      "a rule of IPv6",
      "aws_vpc_security_group_ingress_rule",
      { cidr_ipv6: "::/0", ip_protocol: "-1" },
      "lets in ::/0 on all ports",
    ],
    [
      "IPv6 written out",
      "aws_vpc_security_group_ingress_rule",
      { cidr_ipv6: "0:0:0:0:0:0:0:0/0", ip_protocol: "tcp", from_port: 1, to_port: 2 },
      "lets in 0:0:0:0:0:0:0:0/0 on ports 1 to 2",
    ],
    [
      "half of all addresses",
      "aws_vpc_security_group_ingress_rule",
      { cidr_ipv4: "128.0.0.0/1", ip_protocol: "-1" },
      "lets in 128.0.0.0/1",
    ],
    [
      "a rule of the old kind",
      "aws_security_group_rule",
      {
        type: "ingress",
        cidr_blocks: ["10.0.0.0/8", "0.0.0.0/0"],
        protocol: "tcp",
        from_port: 22,
        to_port: 22,
      },
      "lets in 0.0.0.0/0 on port 22",
    ],
    [
      "one of IPv6",
      "aws_security_group_rule",
      { type: "ingress", ipv6_cidr_blocks: ["::/0"], protocol: "-1" },
      "lets in ::/0",
    ],
    [
      "a rule inside the group",
      "aws_security_group",
      { ingress: [{ cidr_blocks: ["0.0.0.0/0"], from_port: 80, to_port: 80, protocol: "tcp" }] },
      "lets in 0.0.0.0/0 on port 80",
    ],
    [
      "one that is generated",
      "aws_security_group",
      {
        dynamic: {
          ingress: { for_each: "${var.a}", content: { cidr_blocks: ["0.0.0.0/0"], protocol: "-1" } },
        },
      },
      "lets in 0.0.0.0/0",
    ],
    [
      "one of the default group",
      "aws_default_security_group",
      { ingress: { ipv6_cidr_blocks: ["::/0"], protocol: "-1" } },
      "lets in ::/0",
    ],
  ])("%s", (_, type, values, words) => {
    expect(wrongWith("open-ingress", type, values as never)).toEqual([expect.stringContaining(words)]);
  });

  test.each<[string, string, object]>([
    ["a network", "aws_vpc_security_group_ingress_rule", { cidr_ipv4: "10.0.0.0/8", ip_protocol: "-1" }],
    [
      "another group",
      "aws_vpc_security_group_ingress_rule",
      { referenced_security_group_id: "${aws_security_group.a.id}" },
    ],
    ["what goes out", "aws_vpc_security_group_egress_rule", { cidr_ipv4: "0.0.0.0/0", ip_protocol: "-1" }],
    [
      "what goes out in the old way",
      "aws_security_group_rule",
      { type: "egress", cidr_blocks: ["0.0.0.0/0"] },
    ],
    [
      "what goes out of a group",
      "aws_security_group",
      { egress: [{ cidr_blocks: ["0.0.0.0/0"] }], ingress: [] },
    ],
    ["a route", "aws_route", { destination_cidr_block: "0.0.0.0/0" }],
  ])("nothing about %s", (_, type, values) => {
    expect(wrongWith("open-ingress", type, values as never)).toEqual([]);
  });
});

describe("unencrypted-volume", () => {
  test.each<[string, string, object, string]>([
    ["a volume", "aws_ebs_volume", { size: 8 }, "encrypted is not set"],
    ["a volume, said so", "aws_ebs_volume", { encrypted: false }, "encrypted is false"],
    ["a file system", "aws_efs_file_system", {}, "encrypted is not set"],
    [
      "an instance's root device, unsaid",
      "aws_instance",
      { ami: "ami-1" },
      "the root device is not encrypted",
    ],
    [
      "an instance's root device",
      "aws_instance",
      { root_block_device: { volume_size: 8 } },
      "root_block_device: encrypted is not set",
    ],
    [
      "an instance's other device",
      "aws_instance",
      {
        root_block_device: { encrypted: true },
        ebs_block_device: [{ device_name: "/dev/sdf", encrypted: false }],
      },
      "ebs_block_device /dev/sdf: encrypted is false",
    ],
    ["a template without devices", "aws_launch_template", {}, "the root device is not encrypted"],
    [
      "a device of a template",
      "aws_launch_template",
      { block_device_mappings: [{ device_name: "/dev/xvda", ebs: { encrypted: "false" } }] },
      '/dev/xvda: encrypted is "false"',
    ],
    [
      "a class of volumes in a cluster",
      "kubernetes_storage_class_v1",
      { storage_provisioner: "ebs.csi.aws.com", parameters: { type: "gp3" } },
      "parameters: encrypted is not set",
    ],
  ])("%s", (_, type, values, words) => {
    expect(wrongWith("unencrypted-volume", type, values as never)).toEqual([expect.stringContaining(words)]);
  });

  test.each<[string, string, object]>([
    ["a volume that is", "aws_ebs_volume", { encrypted: true }],
    [
      "devices that are",
      "aws_instance",
      { root_block_device: [{ encrypted: true }], ebs_block_device: [{ device_name: "a", encrypted: true }] },
    ],
    ["an instance of a template", "aws_instance", { launch_template: { id: "${aws_launch_template.a.id}" } }],
    [
      "a template whose devices are",
      "aws_launch_template",
      { block_device_mappings: [{ device_name: "/dev/xvda", ebs: { encrypted: "true" } }] },
    ],
    [
      "a disk of the host",
      "aws_launch_template",
      { block_device_mappings: [{ device_name: "a", virtual_name: "ephemeral0" }] },
    ],
    [
      "a class of encrypted volumes",
      "kubernetes_storage_class_v1",
      { storage_provisioner: "ebs.csi.aws.com", parameters: { encrypted: "true" } },
    ],
    ["a class of other volumes", "kubernetes_storage_class_v1", { storage_provisioner: "efs.csi.aws.com" }],
  ])("nothing about %s", (_, type, values) => {
    expect(wrongWith("unencrypted-volume", type, values as never)).toEqual([]);
  });
});

describe("instance-metadata-v1", () => {
  test.each<[string, string, object, string]>([
    ["a template that says nothing", "aws_launch_template", {}, "metadata_options.http_tokens is not set"],
    [
      "a template",
      "aws_launch_template",
      { metadata_options: { http_tokens: "optional" } },
      'http_tokens is "optional"',
    ],
    [
      "an instance",
      "aws_instance",
      { metadata_options: [{ http_endpoint: "enabled" }] },
      "http_tokens is not set",
    ],
    [
      "an instance that overrides its template",
      "aws_instance",
      { launch_template: { id: "a" }, metadata_options: { http_tokens: "optional" } },
      "optional",
    ],
    ["a launch configuration", "aws_launch_configuration", {}, "http_tokens is not set"],
  ])("%s", (_, type, values, words) => {
    expect(wrongWith("instance-metadata-v1", type, values as never)).toEqual([
      expect.stringContaining(words),
    ]);
  });

  test.each<[string, string, object]>([
    [
      "a template that wants tokens",
      "aws_launch_template",
      { metadata_options: { http_tokens: "required" } },
    ],
    ["no metadata at all", "aws_instance", { metadata_options: { http_endpoint: "disabled" } }],
    ["an instance of a template", "aws_instance", { launch_template: [{ id: "a" }] }],
    ["a node group", "aws_eks_node_group", {}],
  ])("nothing about %s", (_, type, values) => {
    expect(wrongWith("instance-metadata-v1", type, values as never)).toEqual([]);
  });
});

describe("creator-admin", () => {
  const association = (principal: string, policy = "AmazonEKSClusterAdminPolicy") => ({
    resource: {
      aws_eks_access_entry: { it: { principal_arn: principal } },
      aws_eks_access_policy_association: {
        it: {
          principal_arn: "${aws_eks_access_entry.it.principal_arn}",
          policy_arn: `arn:aws:eks::aws:cluster-access-policy/${policy}`,
        },
      },
    },
  });

  test.each([
    ["a cluster that says nothing", {}, "is not set: its creator is its admin"],
    [
      "a cluster that wants it",
      { access_config: { bootstrap_cluster_creator_admin_permissions: true } },
      "is true",
    ],
    [
      "a cluster with the old map",
      {
        access_config: [
          { authentication_mode: "CONFIG_MAP", bootstrap_cluster_creator_admin_permissions: false },
        ],
      },
      "with authentication_mode CONFIG_MAP",
    ],
  ])("%s", (_, values, words) => {
    expect(wrongWith("creator-admin", "aws_eks_cluster", values)).toEqual([expect.stringContaining(words)]);
  });

  test("a deployer who is admin", () => {
    expect(found("creator-admin", association(DEPLOYER))).toEqual([
      expect.stringContaining(
        "aws_eks_access_policy_association.it: the deployer, who creates the cluster, is its admin",
      ),
    ]);
  });

  test("nothing about admins who are named, or a deployer with less", () => {
    expect(found("creator-admin", association("arn:aws:iam::111111111111:role/admin"))).toEqual([]);
    expect(found("creator-admin", association(DEPLOYER, "AmazonEKSAdminPolicy"))).toEqual([]);
    expect(
      wrongWith("creator-admin", "aws_eks_cluster", {
        access_config: { authentication_mode: "API", bootstrap_cluster_creator_admin_permissions: false },
      }),
    ).toEqual([]);
  });
});
