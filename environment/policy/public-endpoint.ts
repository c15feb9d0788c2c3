import { isObject } from "../json-object";
import {
  blocks,
  isExpression,
  isNotTrue,
  isTrue,
  items,
  said,
  type Check,
  type Complaint,
  type Values,
} from "./resource";

/** The internet reaches an API endpoint, a load balancer or an instance. */
export const publicEndpoint: Check = ({ type, values }) => [
  ...(BY_TYPE[type]?.(values) ?? []),
  ...(isTrue(values.publicly_accessible)
    ? [{ wrong: "publicly_accessible is true", right: "leave it out, and reach it from inside the VPC" }]
    : []),
];

const loadBalancer = (values: Values): Complaint[] =>
  values.load_balancer_type !== "gateway" && isNotTrue(values.internal)
    ? [
        {
          wrong: `${said("internal", values.internal)}, so it faces the internet`,
          right: "write internal: true",
        },
      ]
    : [];

const publicAddress = (values: Values, name: string): Complaint[] =>
  isTrue(values[name])
    ? [
        {
          wrong: `${name} is true`,
          right: "leave it out, and give a way out by NAT and a way in by a balancer",
        },
      ]
    : [];

const kubernetesService = (values: Values): Complaint[] => {
  const balanced = blocks(values, "spec").some((spec) => spec.type === "LoadBalancer");
  const annotations = blocks(values, "metadata").map((metadata) => metadata.annotations);
  const isInternal = annotations.some(
    (all) =>
      isExpression(all) ||
      (isObject(all) &&
        (isTrue(all["service.beta.kubernetes.io/aws-load-balancer-internal"]) ||
          all["service.beta.kubernetes.io/aws-load-balancer-scheme"] === "internal")),
  );
  return balanced && !isInternal
    ? [
        {
          wrong: "a Service of type LoadBalancer makes a balancer that faces the internet",
          right: "annotate it with service.beta.kubernetes.io/aws-load-balancer-scheme: internal",
        },
      ]
    : [];
};

const BY_TYPE: Readonly<Record<string, (values: Values) => Complaint[]>> = {
  aws_eks_cluster: (values) =>
    blocks(values, "vpc_config")
      // AWS opens it when nobody says otherwise.
      .filter(({ endpoint_public_access: open }) => open !== false && open !== "false" && !isExpression(open))
      .map(({ endpoint_public_access: open, public_access_cidrs: cidrs }) => ({
        wrong:
          `${said("endpoint_public_access", open)}: the API endpoint is open to ` +
          (items(cidrs).length === 0 ? "all of the internet" : items(cidrs).join(", ")),
        right: "write endpoint_public_access: false, and let clients in by the private endpoint",
      })),
  aws_lb: loadBalancer,
  aws_alb: loadBalancer,
  aws_elb: loadBalancer,
  aws_instance: (values) => publicAddress(values, "associate_public_ip_address"),
  aws_launch_configuration: (values) => publicAddress(values, "associate_public_ip_address"),
  aws_launch_template: (values) =>
    blocks(values, "network_interfaces").flatMap((block) =>
      publicAddress(block, "associate_public_ip_address"),
    ),
  aws_subnet: (values) => publicAddress(values, "map_public_ip_on_launch"),
  aws_lambda_function_url: ({ authorization_type: authorization }) =>
    authorization === "NONE"
      ? [{ wrong: "anybody may call the function", right: "write authorization_type: AWS_IAM" }]
      : [],
  kubernetes_service: kubernetesService,
  kubernetes_service_v1: kubernetesService,
};
