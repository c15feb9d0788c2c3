import { z } from "zod";
import { INSTANCE_TYPE } from "./instance-type";
import { DEFAULT_SERVICE_CIDR, LABEL_KEY, SERVICE_NAME, SHORT_LABEL } from "./naming";
import { key, list, network, object, text, wants, whole } from "./schema-types";

/**
 * The shape of an environment file, the one source of the checks, of the TypeScript type and of
 * environments/schema.json. What joins several places of the file (overlaps, exactly one active cluster) is in rules.ts.
 */

const domainName = text(
  /^(?=.{1,253}$)([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/,
  "a domain name in lower case",
  "development.example.internal",
);
const region = text(
  /^(?!cn-|us-gov-)[a-z]{2}(-[a-z]+)+-\d$/,
  "an AWS region of the commercial partition",
  "us-east-1",
);
const shortLabel = (noun: string, example: string) =>
  text(SHORT_LABEL, `${noun} (DNS label of at most 20 characters: a-z, 0-9, -, a letter first)`, example);
const instanceType = text(INSTANCE_TYPE, "an EC2 instance type", "m7i.xlarge");

const principal = text(
  /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/,
  "an ARN of an IAM role or user (not of an assumed-role session)",
  "arn:aws:iam::111111111111:role/platform-admin",
);
const role = text(
  /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
  "an ARN of an IAM role (not of an assumed-role session)",
  "arn:aws:iam::111111111111:role/atlantis",
);

const IMAGE_FORMS = "{ id: ami-0123456789abcdef0 }, { ssm: /skyline/images/worker/latest }";
const imageId = object({
  id: text(/^ami-([0-9a-f]{8}|[0-9a-f]{17})$/, "an AMI id", "ami-0123456789abcdef0"),
});
const imageParameter = object({
  ssm: text(
    /^\/[\w./-]+$/,
    "a name of an SSM parameter that holds an AMI id",
    "/skyline/images/gateway/latest",
  ),
});
const stockImage = object({
  al2023: z
    .literal(true, { error: () => "al2023 can only be true; leave the line out to use another image" })
    .meta({ description: "The stock Amazon Linux 2023 image of EKS" }),
  release: text(/^1\.\d+\.\d+-20\d{6}$/, "a release of the stock image", "1.35.0-20260415").optional(),
});
const ownImage = z
  .union([imageId, imageParameter], IMAGE_FORMS)
  .meta({ description: "An own image, by id or by SSM parameter" });
const nodeImage = z
  .union([stockImage, imageId, imageParameter], `{ al2023: true }, ${IMAGE_FORMS}`)
  .meta({ description: "The stock Amazon Linux 2023 image, or an own one by id or SSM parameter" });

const scaling = z
  .union(
    [
      object({ fixed: whole("number of nodes", 0, 1000) }),
      object({
        min: whole("smallest number of nodes", 0, 1000),
        max: whole("largest number of nodes", 1, 1000),
        initial: whole("number of nodes to start with", 0, 1000).optional(),
      }),
    ],
    "{ fixed: 3 }, { min: 3, max: 30 }",
  )
  .meta({
    description: "fixed: Terraform holds the number; min and max: an autoscaler moves it between them",
  });

const labels = z
  .record(
    key(LABEL_KEY),
    text(/^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/, "a Kubernetes label value", "payments"),
    { error: wants("a mapping of Kubernetes labels", "{ team: payments }") },
  )
  .default({});

const workers = <Image extends z.ZodType>(image: Image) =>
  z.record(
    key(SHORT_LABEL),
    object({
      scaling,
      instanceTypes: list(instanceType, "a list of EC2 instance types", "[m7i.xlarge]").min(
        1,
        "is empty; it wants at least one EC2 instance type: [m7i.xlarge]",
      ),
      image,
      volumeGiB: whole("size of the root volume in GiB", 20, 16384).default(80),
      labels,
    }),
    { error: wants("a mapping from names to worker groups", "general: { scaling: …, … }") },
  );

const roles = ["active", "passive", "retiring", "removed"] as const;
const clusterRole = z.enum(roles).meta({
  description:
    "active: carries traffic; passive: warm, weight 0; retiring: protections lifted; removed: its stacks are emptied",
});
const serviceCidr = network("a network of Kubernetes Services", DEFAULT_SERVICE_CIDR, 12, 24).default(
  DEFAULT_SERVICE_CIDR,
);

const selfManagedCluster = object({
  kind: z.literal("self-managed"),
  role: clusterRole,
  kubernetes: text(/^1\.\d+\.\d+$/, "a Kubernetes version with its patch", "1.35.4"),
  serviceCidr,
  etcd: object({
    instanceType,
    volumeGiB: whole("size of the data volume in GiB", 8, 16384),
    image: ownImage,
  }),
  controllers: object({ count: whole("number of controllers", 3, 9), instanceType, image: ownImage }),
  workers: workers(ownImage),
});

const addOn = (example: string) =>
  text(/^v\d+\.\d+\.\d+-eksbuild\.\d+$/, "a pinned version of an EKS add-on", example);

const eksCluster = object({
  kind: z.literal("eks"),
  role: clusterRole,
  kubernetes: text(/^1\.\d+$/, "a minor version of Kubernetes", "1.35"),
  serviceCidr,
  publicAccess: object({
    cidrs: list(
      network("a network that may reach the public endpoint", "203.0.113.0/24", 8, 32),
      "a list of networks",
      "[203.0.113.0/24]",
    ).min(1, "is empty; name the networks that may reach the public endpoint, or leave publicAccess out"),
  })
    .optional()
    .meta({ description: "Opens the API endpoint to these public networks, beside the private one" }),
  deletionProtection: z
    .boolean({ error: wants("a boolean", "true or false") })
    .default(true)
    .meta({
      description: "Refuse plans that would destroy the cluster; a retiring cluster is never protected",
    }),
  addOns: object({
    "vpc-cni": addOn("v1.20.4-eksbuild.2"),
    coredns: addOn("v1.13.1-eksbuild.1"),
    "kube-proxy": addOn("v1.35.0-eksbuild.2"),
    "eks-pod-identity-agent": addOn("v1.3.10-eksbuild.2"),
  }),
  workers: workers(nodeImage),
});

const cluster = z.discriminatedUnion("kind", [selfManagedCluster, eksCluster], {
  error: wants("a cluster", "{ kind: eks, role: passive, … }"),
});

export const environmentSchema = object({
  environment: shortLabel("a name of an environment", "development"),
  account: text(/^\d{12}$/, "an AWS account id of 12 digits", "111111111111"),
  region,
  domain: domainName,
  state: object({
    bucket: text(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "a name of an S3 bucket", "example-tfstate"),
    region,
  })
    .optional()
    .meta({ description: "S3 bucket of the states; without it the states are local files" }),
  access: object({
    admins: list(
      principal,
      "a list of ARNs of IAM roles or users",
      "[arn:aws:iam::111111111111:role/platform-admin]",
    )
      .min(1, "is empty; name at least one admin: nobody else is let into the clusters")
      .meta({ description: "Cluster admins: people, break-glass" }),
    deployer: role.meta({ description: "Role that applies the platform stacks; gets a scoped access entry" }),
  }),
  network: object({
    cidr: network("a network of an environment", "10.10.0.0/16", 16, 20),
    zones: list(
      text(/^[a-z]{2}(-[a-z]+)+-\d[a-f]$/, "an availability zone", "us-east-1a"),
      "a list of availability zones, three or more",
      "[us-east-1a, us-east-1b, us-east-1c]",
    )
      .min(3, "wants at least three availability zones: etcd and Consul keep quorum over three")
      .max(6, "wants at most six availability zones"),
    nat: z.enum(["per-zone", "single"]).default("per-zone").meta({
      description: "A NAT gateway in each zone, or one for all of them (cheaper; a zone's loss cuts egress)",
    }),
    clients: list(
      object({
        name: shortLabel("a name of a client network", "office"),
        vpc: text(/^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/, "a VPC id", "vpc-0a1b2c3d"),
        cidr: network("a network of clients", "10.90.0.0/16", 8, 32),
        subnets: list(
          text(/^subnet-[0-9a-f]+$/, "a subnet id", "subnet-0a1b2c3d"),
          "a list of subnet ids",
          "[subnet-0a1b2c3d, subnet-1a2b3c4d]",
        ).min(2, "wants subnets in at least two zones: a resolver endpoint needs two"),
      }),
      "a list of client networks",
      "[{ name: office, vpc: …, cidr: …, subnets: [ … ] }]",
    )
      .default([])
      .meta({ description: "Networks that reach and resolve private API endpoints" }),
  }),
  mesh: object({
    consul: object({ servers: whole("number of Consul servers", 3, 7), instanceType, image: ownImage }),
    gateways: object({
      min: whole("smallest number of gateways", 3, 100),
      max: whole("largest number of gateways", 3, 100),
      instanceType,
      image: ownImage,
    }),
    service: object({
      namespace: text(SERVICE_NAME, "a namespace", "default").default("default"),
      port: whole("port of a service in Kubernetes", 1, 65535).default(8080),
    })
      .default({ namespace: "default", port: 8080 })
      .meta({ description: "Where the bridge sends: namespace and port of the services in Kubernetes" }),
    mesosServices: list(
      text(SERVICE_NAME, "a name of a service", "organization"),
      "a list of names of services",
      "[organization]",
    )
      .default([])
      .meta({ description: "Names that are Kubernetes Services and stand for services in Mesos" }),
  }),
  clusters: z.record(key(SHORT_LABEL), cluster, {
    error: wants("a mapping from names to clusters", "alpha: { kind: eks, … }"),
  }),
}).meta({
  title: "Skyline environment",
  description: "One environment: a network, a mesh, and its clusters",
});

/** A checked environment, all defaults filled in. Made by `loadEnvironment` or `defineEnvironment`. */
export type Environment = z.output<typeof environmentSchema>;
/** What a person writes: as {@link Environment}, with everything that has a default left out at will. */
export type EnvironmentInput = z.input<typeof environmentSchema>;

export type ClusterSpec = Environment["clusters"][string];
export type EksClusterSpec = Extract<ClusterSpec, { kind: "eks" }>;
export type SelfManagedClusterSpec = Extract<ClusterSpec, { kind: "self-managed" }>;
export type NodeImageSpec = EksClusterSpec["workers"][string]["image"];
export type ScalingSpec = EksClusterSpec["workers"][string]["scaling"];
