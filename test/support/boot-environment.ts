import { parseEnvironment } from "../../environment/load";
import type { Environment } from "../../environment/schema";

export const CLUSTER = "alpha";
export const ACCOUNT = "111111111111";
export const REGION = "us-east-1";
export const ZONES = ["a", "b", "c"].map((letter) => `${REGION}${letter}`);
export const roleArn = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;

const IMAGE = "{ id: ami-0123456789abcdef0 }";
const TEXT = `
environment: booted
account: "${ACCOUNT}"
region: ${REGION}
domain: booted.example.internal
access:
  admins: [${roleArn("platform-admin")}]
  deployer: ${roleArn("atlantis")}
network: { cidr: 10.10.0.0/16, zones: [${ZONES.join(", ")}] }
mesh:
  consul: { servers: 3, instanceType: m7i.large, image: ${IMAGE} }
  gateways: { min: 3, max: 9, instanceType: c7i.large, image: ${IMAGE} }
clusters:
  ${CLUSTER}:
    kind: self-managed
    role: active
    kubernetes: 1.35.4
    etcd: { instanceType: m7i.large, volumeGiB: 50, image: ${IMAGE} }
    controllers: { count: 3, instanceType: m7i.large, image: ${IMAGE} }
    workers:
      general: { scaling: { fixed: 3 }, instanceTypes: [m7i.xlarge], image: ${IMAGE} }
`;

/** The environment whose machines boot tests start. */
export const bootedEnvironment = (): Environment => parseEnvironment(TEXT, "booted.yaml");
