import { NodeImage } from "../../../../constructs/instances/node-image";
import { ConsulServers, type ConsulServersProps } from "../../../../constructs/mesh/consul-servers";
import type { MeshPlace } from "../../../../constructs/mesh/mesh-place";
import { SdbGateways, type SdbGatewaysProps } from "../../../../constructs/mesh/sdb-gateways";
import type { SynthesizedStack } from "../../../../testing";
import { inStack } from "../../../support/construct";

export const place: MeshPlace = {
  environment: "example",
  account: "111111111111",
  region: "us-east-1",
  domain: "example.internal",
  network: {
    vpcId: "vpc-1",
    cidr: "10.0.0.0/16",
    privateSubnetIds: ["subnet-a", "subnet-b", "subnet-c"],
    publicSubnetIds: [],
    privateZoneId: "Z1",
  },
  keyArn: "arn:aws:kms:us-east-1:111111111111:key/1",
  launchRoleArn: "arn:aws:iam::111111111111:role/launch",
  deletionProtection: true,
};
const image = NodeImage.id("ami-0123456789abcdef0");

export const consulServers = (props: Partial<ConsulServersProps> = {}) =>
  inStack(
    (stack) =>
      new ConsulServers(stack, "servers", { place, servers: 3, instanceType: "m7i.large", image, ...props }),
  );
export const sdbGateways = (props: Partial<SdbGatewaysProps> = {}) =>
  inStack(
    (stack) =>
      new SdbGateways(stack, "gateways", {
        place,
        min: 3,
        max: 9,
        instanceType: "c7i.large",
        image,
        ...props,
      }),
  );

/** All rules of a kind as `group peer protocol port`, sorted. */
export function rules(stack: SynthesizedStack, direction: "ingress" | "egress"): string[] {
  const groups = (stack.code.resource as Record<string, Record<string, { name: string }>>).aws_security_group;
  const names = new Map(
    Object.entries(groups ?? {}).map(([id, { name }]) => [`\${aws_security_group.${id}.id}`, name]),
  );
  return stack
    .all(`aws_vpc_security_group_${direction}_rule`)
    .map((rule) => {
      expect(rule.from_port).toBe(rule.to_port);
      const peer = rule.cidr_ipv4 ?? names.get(String(rule.referenced_security_group_id));
      return `${names.get(String(rule.security_group_id))} ${peer} ${rule.ip_protocol} ${rule.from_port}`;
    })
    .sort();
}
