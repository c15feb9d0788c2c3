import { z } from "zod";
import { ARCHITECTURES } from "./instance-type";
import { DEFAULT_POD_CIDR, DEFAULT_SERVICE_CIDR, LABEL_KEY, SHORT_LABEL } from "./naming";
import { key, list, network, object, oddWhole, text, wants, whole } from "./schema-types";
import { instanceType } from "./schema-values";

/** The shape of a cluster of either kind, and of the images that all nodes start from. */

const IMAGE_FORMS = "{ id: ami-0123456789abcdef0 }, { ssm: /skyline/images/worker/latest }";
const architecture = z
  .enum(ARCHITECTURES)
  .default("amd64")
  .meta({ description: "What the image is built for; the instance types must be of it" });
const imageId = object({
  id: text(/^ami-([0-9a-f]{8}|[0-9a-f]{17})$/, "an AMI id", "ami-0123456789abcdef0"),
  architecture,
});
const imageParameter = object({
  ssm: text(
    /^\/[\w./-]+$/,
    "a name of an SSM parameter that holds an AMI id",
    "/skyline/images/gateway/latest",
  ),
  architecture,
});
const stockImage = object({
  al2023: z
    .literal(true, { error: () => "al2023 can only be true; leave the line out to use another image" })
    .meta({ description: "The stock Amazon Linux 2023 image of EKS" }),
  release: text(/^1\.\d+\.\d+-20\d{6}$/, "a release of the stock image", "1.35.0-20260415").optional(),
});
export const ownImage = z
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

/** On by default. */
export const protection = (description: string) =>
  z
    .boolean({ error: wants("a boolean", "true or false") })
    .default(true)
    .meta({ description });
const deletionProtection = protection(
  "Refuse plans that would destroy the cluster while its role is active or passive; later it is not protected",
);

const selfManagedCluster = object({
  kind: z.literal("self-managed"),
  role: clusterRole,
  kubernetes: text(/^1\.\d+\.\d+$/, "a Kubernetes version with its patch", "1.35.4"),
  serviceCidr,
  podCidr: network("a network of pods", DEFAULT_POD_CIDR, 12, 20)
    .default(DEFAULT_POD_CIDR)
    .meta({ description: "Network of pods inside the cluster; each worker has a /24 of it" }),
  deletionProtection,
  etcd: object({
    members: oddWhole("number of etcd members", 3, 5).default(3),
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
  deletionProtection,
  addOns: object({
    "vpc-cni": addOn("v1.20.4-eksbuild.2"),
    coredns: addOn("v1.13.1-eksbuild.1"),
    "kube-proxy": addOn("v1.35.0-eksbuild.2"),
    "eks-pod-identity-agent": addOn("v1.3.10-eksbuild.2"),
  }),
  workers: workers(nodeImage),
});

export const cluster = z.discriminatedUnion("kind", [selfManagedCluster, eksCluster], {
  error: wants("a cluster", "{ kind: eks, role: passive, … }"),
});
