import { EksCluster, type EksClusterProps } from "../../../constructs/cluster/eks/eks-cluster";
import { EndpointAccess } from "../../../constructs/cluster/eks/endpoint-access";
import { NodeImage } from "../../../constructs/instances/node-image";
import { Scaling } from "../../../constructs/cluster/scaling";
import type { Network } from "../../../constructs/network/network";
import { inStack, pluck } from "../../support/construct";
import { statements } from "./self-managed/fixture";

const network: Network = {
  vpcId: "vpc-1",
  cidr: "10.0.0.0/16",
  privateSubnetIds: ["subnet-a", "subnet-b", "subnet-c"],
  publicSubnetIds: [],
  privateZoneId: "Z1",
};
const admin = "arn:aws:iam::111111111111:role/platform-admin";
const deployer = "arn:aws:iam::111111111111:role/atlantis";
const least: EksClusterProps = {
  environment: "example",
  clusterName: "alpha",
  account: "111111111111",
  region: "us-east-1",
  network,
  version: "1.35",
  admins: [admin],
  deployer,
  addOns: {
    "vpc-cni": "v1.20.4-eksbuild.2",
    coredns: "v1.13.1-eksbuild.1",
    "kube-proxy": "v1.35.0-eksbuild.2",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.2",
  },
};
const make = (
  props: Partial<EksClusterProps> = {},
  groups: (cluster: EksCluster) => void = () => undefined,
) => inStack((stack) => groups(new EksCluster(stack, "cluster", { ...least, ...props })));
const general = { scaling: Scaling.fixed(3), instanceTypes: ["m7i.xlarge"], image: NodeImage.al2023() };

test("given the least, a cluster has exactly these settings", () => {
  expect(make().only("aws_eks_cluster")).toEqual({
    name: "example-alpha",
    version: "1.35",
    role_arn: expect.stringMatching(/^\$\{aws_iam_role\.cluster_role_\w+\.arn\}$/),
    enabled_cluster_log_types: ["api", "audit", "authenticator", "controllerManager", "scheduler"],
    bootstrap_self_managed_addons: false,
    access_config: { authentication_mode: "API", bootstrap_cluster_creator_admin_permissions: false },
    encryption_config: {
      resources: ["secrets"],
      provider: { key_arn: expect.stringMatching(/^\$\{aws_kms_key\./) },
    },
    kubernetes_network_config: { ip_family: "ipv4", service_ipv4_cidr: "172.20.0.0/16" },
    upgrade_policy: { support_type: "STANDARD" },
    vpc_config: {
      subnet_ids: network.privateSubnetIds,
      security_group_ids: [expect.stringMatching(/^\$\{aws_security_group\.cluster_control-plane-security/)],
      endpoint_private_access: true,
      endpoint_public_access: false,
    },
    depends_on: [
      expect.stringMatching(/^aws_cloudwatch_log_group\./),
      expect.stringMatching(/^aws_iam_role_policy_attachment\.cluster_role-policy/),
    ],
    lifecycle: { prevent_destroy: true },
  });
});

test("given the least, a node group and its launch template have exactly these settings", () => {
  const stack = make({}, (cluster) => cluster.addNodeGroup("general", general));
  expect(stack.only("aws_eks_node_group")).toEqual({
    cluster_name: "example-alpha",
    node_group_name: "general",
    node_role_arn: expect.stringMatching(/^\$\{aws_iam_role\.cluster_node-role_/),
    subnet_ids: network.privateSubnetIds,
    instance_types: ["m7i.xlarge"],
    ami_type: "AL2023_x86_64_STANDARD",
    version: "1.35",
    capacity_type: "ON_DEMAND",
    launch_template: {
      id: expect.stringMatching(/^\$\{aws_launch_template\..*\.id\}$/),
      version: expect.stringMatching(/^\$\{aws_launch_template\..*\.latest_version\}$/),
    },
    labels: {},
    scaling_config: { min_size: 3, max_size: 3, desired_size: 3 },
    update_config: { max_unavailable: 1 },
    node_repair_config: { enabled: true },
    depends_on: expect.any(Array),
  });
  const tags = {
    "skyline:environment": "example",
    "skyline:cluster": "alpha",
    Name: "example-alpha-general",
  };
  expect(stack.only("aws_launch_template")).toEqual({
    name: "example-alpha-general",
    description: "Workers general of the Kubernetes cluster example-alpha",
    update_default_version: true,
    ebs_optimized: "true",
    vpc_security_group_ids: [
      expect.stringMatching(/cluster_security_group_id\}$/),
      expect.stringMatching(/^\$\{aws_security_group\.cluster_worker-security/),
    ],
    user_data: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/),
    metadata_options: {
      http_endpoint: "enabled",
      http_tokens: "required",
      http_put_response_hop_limit: 1,
      instance_metadata_tags: "disabled",
    },
    monitoring: { enabled: true },
    block_device_mappings: [
      {
        device_name: "/dev/xvda",
        ebs: { volume_type: "gp3", volume_size: 80, encrypted: "true", delete_on_termination: "true" },
      },
    ],
    tag_specifications: ["instance", "volume", "network-interface"].map((resource_type) => ({
      resource_type,
      tags,
    })),
    tags: { Name: "example-alpha-general" },
  });
});

describe("security", () => {
  test("nobody is let in but the named admins and the deployer", () => {
    const stack = make({ admins: [admin, "arn:aws:iam::111111111111:user/break-glass"] });
    expect(pluck(stack.all("aws_eks_access_entry"), "principal_arn").sort()).toEqual(
      [admin, "arn:aws:iam::111111111111:user/break-glass", deployer].sort(),
    );
  });

  test("only admins are cluster admins", () => {
    const stack = make();
    const clusterAdmins = stack
      .all("aws_eks_access_policy_association")
      .filter(({ policy_arn }) => String(policy_arn).endsWith("/AmazonEKSClusterAdminPolicy"));
    expect(clusterAdmins).toHaveLength(1);
    expect(clusterAdmins[0]).toMatchObject({
      principal_arn: expect.stringContaining("cluster_access_admins_"),
      access_scope: { type: "cluster" },
    });
  });

  test("the deployer administers Skyline's namespaces, is in its group, and nothing else", () => {
    const stack = make();
    expect(stack.only("aws_eks_access_entry", { principal_arn: deployer })).toEqual({
      cluster_name: expect.any(String),
      principal_arn: deployer,
      type: "STANDARD",
      kubernetes_groups: ["skyline:deployers"],
    });
    const associations = stack
      .all("aws_eks_access_policy_association")
      .filter(({ principal_arn }) => String(principal_arn).includes("access_deployer"));
    expect(associations).toHaveLength(1);
    expect(associations[0]).toMatchObject({
      policy_arn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy",
      access_scope: { type: "namespace", namespaces: ["default", "skyline-system"] },
    });
  });

  test("secrets are encrypted by a key of the cluster's own that rotates, with the account as its admin", () => {
    const key = make().only("aws_kms_key");
    expect(key).toMatchObject({ enable_key_rotation: true, deletion_window_in_days: 30 });
    expect(key.policy).toContain("arn:aws:iam::111111111111:root");
  });

  test("the API is reached from the VPC and the named clients, and from nowhere else", () => {
    const stack = make({ clients: [{ name: "office", cidr: "10.90.0.0/16" }] });
    const rules = stack
      .all("aws_vpc_security_group_ingress_rule")
      .filter(({ security_group_id }) => String(security_group_id).includes("control-plane-security"));
    expect(rules.map(({ cidr_ipv4, from_port, to_port }) => [cidr_ipv4, from_port, to_port]).sort()).toEqual([
      ["10.0.0.0/16", 443, 443],
      ["10.90.0.0/16", 443, 443],
    ]);
  });

  test("no rule lets the internet in", () => {
    const stack = make({}, (cluster) => cluster.addNodeGroup("general", general));
    const open = stack
      .all("aws_vpc_security_group_ingress_rule")
      .filter(({ cidr_ipv4 }) => cidr_ipv4 === "0.0.0.0/0");
    expect(stack.all("aws_vpc_security_group_ingress_rule").length).toBeGreaterThan(3);
    expect(open).toEqual([]);
  });

  test("control plane logs are encrypted, expire, and are there before the cluster", () => {
    const stack = make({ logRetentionDays: 365 });
    expect(stack.only("aws_cloudwatch_log_group")).toEqual({
      name: "/aws/eks/example-alpha/cluster",
      retention_in_days: 365,
      kms_key_id: expect.stringMatching(/^\$\{aws_kms_key\./),
    });
  });

  test("nodes find Consul's servers and read the workers' secret, and no other", () => {
    const nodes = make().only("aws_iam_role_policy", { name: "consul-agent" });
    expect(nodes.role).toContain("cluster_node-role_");
    expect(statements(nodes)).toEqual([
      { Effect: "Allow", Action: ["ec2:DescribeInstances"], Resource: ["*"] },
      {
        Effect: "Allow",
        Action: ["secretsmanager:GetSecretValue"],
        Resource: [
          "arn:aws:secretsmanager:us-east-1:111111111111:secret:skyline/example/consul/workers-??????",
        ],
      },
    ]);
  });

  test("nodes have no rights to addresses of pods: the CNI has a role of its own", () => {
    const stack = make();
    const attached = stack.all("aws_iam_role_policy_attachment");
    const cni = attached.filter(({ policy_arn }) => String(policy_arn).endsWith("/AmazonEKS_CNI_Policy"));
    expect(cni).toHaveLength(1);
    expect(cni[0]?.role).toContain("vpc-cni-role");
    expect(stack.only("aws_eks_pod_identity_association")).toMatchObject({
      namespace: "kube-system",
      service_account: "aws-node",
      role_arn: expect.stringContaining("vpc-cni-role"),
    });
  });
});

describe("add-ons", () => {
  const stack = make({}, (cluster) => cluster.addNodeGroup("general", general));
  const addOn = (addon_name: string) => stack.only("aws_eks_addon", { addon_name });
  const dependencies = (block: Readonly<Record<string, unknown>>) => (block.depends_on ?? []) as string[];

  test("are pinned to the given versions", () => {
    expect(
      Object.fromEntries(
        stack.all("aws_eks_addon").map(({ addon_name, addon_version }) => [addon_name, addon_version]),
      ),
    ).toEqual(least.addOns);
  });

  test("the CNI, with prefixes, and the pod identity agent come before the nodes", () => {
    const nodes = dependencies(stack.only("aws_eks_node_group"));
    expect(nodes).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^aws_eks_addon\.cluster_add-ons_vpc-cni_/),
        expect.stringMatching(/^aws_eks_addon\.cluster_add-ons_eks-pod-identity-agent_/),
      ]),
    );
    expect(JSON.parse(String(addOn("vpc-cni").configuration_values))).toMatchObject({
      env: { ENABLE_PREFIX_DELEGATION: "true" },
    });
  });

  test.each(["coredns", "kube-proxy"])("%s comes after the nodes", (name) => {
    expect(dependencies(addOn(name))).toEqual([expect.stringMatching(/^aws_eks_node_group\./)]);
    expect(dependencies(stack.only("aws_eks_node_group")).join()).not.toContain(name);
  });
});

describe("choices", () => {
  test("a public endpoint is open to the named networks beside the private one", () => {
    const stack = make({ endpointAccess: EndpointAccess.privateAndPublicFrom("203.0.113.0/24") });
    expect(stack.only("aws_eks_cluster").vpc_config).toMatchObject({
      endpoint_private_access: true,
      endpoint_public_access: true,
      public_access_cidrs: ["203.0.113.0/24"],
    });
  });

  test("deletion protection can be given up", () => {
    expect(make({ deletionProtection: false }).only("aws_eks_cluster").lifecycle).toEqual({
      prevent_destroy: false,
    });
  });

  test("only a group that an autoscaler moves ignores its desired size", () => {
    const stack = make({}, (cluster) => {
      cluster.addNodeGroup("moved", {
        ...general,
        scaling: Scaling.managedByAutoscaler({ min: 2, max: 9, initial: 4 }),
      });
      cluster.addNodeGroup("held", general);
    });
    expect(stack.only("aws_eks_node_group", { node_group_name: "moved" })).toMatchObject({
      scaling_config: { min_size: 2, max_size: 9, desired_size: 4 },
      lifecycle: { ignore_changes: ["scaling_config[0].desired_size"] },
    });
    expect(stack.only("aws_eks_node_group", { node_group_name: "held" })).not.toHaveProperty("lifecycle");
  });

  test("Graviton types get the image of their architecture", () => {
    const stack = make({}, (cluster) =>
      cluster.addNodeGroup("general", { ...general, instanceTypes: ["m7g.large"] }),
    );
    expect(stack.only("aws_eks_node_group").ami_type).toBe("AL2023_ARM_64_STANDARD");
  });

  test("a stock image can be pinned to a release", () => {
    const image = NodeImage.al2023("1.35.0-20261101");
    const stack = make({}, (cluster) => cluster.addNodeGroup("general", { ...general, image }));
    expect(stack.only("aws_eks_node_group").release_version).toBe("1.35.0-20261101");
  });

  test("an own image is given by id, and the group's version is left to it", () => {
    const image = NodeImage.id("ami-0123456789abcdef0");
    const stack = make({}, (cluster) => cluster.addNodeGroup("general", { ...general, image }));
    expect(stack.only("aws_launch_template").image_id).toBe("ami-0123456789abcdef0");
    const group = stack.only("aws_eks_node_group");
    expect(group.ami_type).toBe("CUSTOM");
    expect(group).not.toHaveProperty("version");
  });

  test("an own image is given by SSM parameter, whose value a plan shows", () => {
    const image = NodeImage.ssm("/skyline/images/worker/latest");
    const stack = make({}, (cluster) => cluster.addNodeGroup("general", { ...general, image }));
    expect(stack.only("aws_launch_template").image_id).toMatch(
      /^\$\{data\.aws_ssm_parameter\..*\.insecure_value\}$/,
    );
  });
});

describe("refusals", () => {
  test.each<[string, Partial<EksClusterProps>, RegExp]>([
    ["no admin", { admins: [] }, /alpha has no admin/],
    ["no deployer", { deployer: "" }, /alpha has no deployer/],
    ["a deployer who is admin", { admins: [admin, deployer] }, /atlantis is both admin and deployer/],
    ["a name with capitals", { clusterName: "Alpha" }, /"Alpha" is no cluster name/],
    ["a name of 21 characters", { clusterName: "a".repeat(21) }, /is no cluster name/],
    [
      "a Service network with host bits",
      { serviceCidr: "172.20.0.1/16" },
      /172\.20\.0\.1\/16 has host bits set/,
    ],
  ])("given %s, synth fails", (_, props, message) => {
    expect(() => make(props)).toThrow(message);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["all of the internet", () => EndpointAccess.privateAndPublicFrom("0.0.0.0/0"), /all of the internet/],
    ["no network", () => EndpointAccess.privateAndPublicFrom(), /at least one network/],
    ["no CIDR", () => EndpointAccess.privateAndPublicFrom("office"), /no IPv4 network/],
    [
      "min above max",
      () => Scaling.managedByAutoscaler({ min: 5, max: 2 }),
      /min ≤ initial ≤ max, not 5, 5, 2/,
    ],
    ["half a node", () => Scaling.fixed(1.5), /not 1\.5/],
    ["a bad AMI id", () => NodeImage.id("i-1"), /"i-1" is no AMI id/],
    ["a relative parameter", () => NodeImage.ssm("images/x"), /no name of an SSM parameter/],
  ])("%s cannot be written", (_, write, message) => {
    expect(write).toThrow(message);
  });

  test("instance types of two architectures are refused with both names", () => {
    expect(() =>
      make({}, (cluster) =>
        cluster.addNodeGroup("general", { ...general, instanceTypes: ["m7i.large", "m7g.large"] }),
      ),
    ).toThrow("m7i.large is amd64 and m7g.large is arm64");
  });

  test("a group whose name is no label is refused", () => {
    expect(() => make({}, (cluster) => cluster.addNodeGroup("General", general))).toThrow(/"General"/);
  });
});
