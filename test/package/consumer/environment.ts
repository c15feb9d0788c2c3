import { defineEnvironment } from "skyline";

/** An environment written in TypeScript, with the checks and defaults of the YAML file. */
export const environment = defineEnvironment({
  environment: "consumer",
  account: "111111111111",
  region: "us-east-1",
  domain: "consumer.internal",
  access: {
    admins: ["arn:aws:iam::111111111111:role/platform-admin"],
    deployer: "arn:aws:iam::111111111111:role/atlantis",
  },
  network: { cidr: "10.0.0.0/16", zones: ["us-east-1a", "us-east-1b", "us-east-1c"] },
  mesh: {
    consul: { servers: 3, instanceType: "m7i.large", image: { id: "ami-0123456789abcdef0" } },
    gateways: { min: 3, max: 9, instanceType: "c7i.large", image: { id: "ami-0123456789abcdef0" } },
    mesosServices: ["organization"],
  },
  clusters: {
    alpha: {
      kind: "eks",
      role: "active",
      kubernetes: "1.35",
      addOns: {
        "vpc-cni": "v1.20.4-eksbuild.2",
        coredns: "v1.13.1-eksbuild.1",
        "kube-proxy": "v1.35.0-eksbuild.2",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.2",
      },
      workers: { general: { scaling: { fixed: 3 }, instanceTypes: ["m7i.xlarge"], image: { al2023: true } } },
    },
  },
});
