import { z } from "zod";
import { SERVICE_NAME, SHORT_LABEL } from "./naming";
import { CHECK_NAMES } from "./policy/checks";
import { cluster, ownImage, protection } from "./schema-cluster";
import { key, list, network, object, oddWhole, text, wants, whole } from "./schema-types";
import { account, domainName, instanceType, principal, region, role, shortLabel } from "./schema-values";

/**
 * The shape of an environment file, the one source of the checks, of the TypeScript type and of
 * environments/schema.json. What joins several places of the file (overlaps, exactly one active cluster) is in rules.ts.
 */

export const environmentSchema = object({
  environment: shortLabel("a name of an environment", "development"),
  account,
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
    endpointDns: object({
      shareWith: list(account, "a list of AWS account ids", '["222222222222"]')
        .default([])
        .meta({ description: "Accounts of client networks that use the forward rules through RAM" }),
    })
      .optional()
      .meta({
        description: "Resolver endpoints and forward rules, so that clients resolve private API endpoints",
      }),
  }),
  mesh: object({
    consul: object({ servers: oddWhole("number of Consul servers", 3, 7), instanceType, image: ownImage }),
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
    dial: object({
      maxStep: whole("points by which a cluster's share may rise in one change", 1, 100).default(50),
      minHold: whole("seconds between two changes of the dial", 0, 86_400).default(60),
    })
      .default({ maxStep: 50, minHold: 60 })
      .meta({ description: "What changes of the traffic dial keep to, unless a person overrides it" }),
    deletionProtection: protection(
      "Refuse plans that would destroy Consul's snapshots, their key or the gateways' load balancer",
    ),
  }),
  policy: object({
    exemptions: list(
      object({
        check: z.enum(CHECK_NAMES).meta({ description: "Check that the resource is exempt from" }),
        resource: text(
          /^[\w-]+\/\w+\.\S+$/,
          "a resource, as stack/address",
          "development-cluster-bravo/aws_eks_cluster.cluster_1A2B3C4D",
        ),
        reason: text(
          /\S(.*\S)?/,
          "a reason that a reviewer can judge",
          "Builds run outside the VPC until May",
        ),
        owner: text(/\S/, "who answers for it: a team or a person", "platform-team"),
      }),
      "a list of exemptions",
      "[{ check: …, resource: …, reason: …, owner: … }]",
    )
      .default([])
      .meta({ description: "Resources that a check of the policy passes over, each for a reason" }),
  })
    .default({ exemptions: [] })
    .meta({ description: "Exemptions from the checks of docs/policy.md" }),
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
