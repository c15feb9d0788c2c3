import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { Construct } from "constructs";
import { consulPorts, ports } from "../../environment/naming";

export interface WorkerSecurityProps {
  readonly name: string;
  readonly vpcId: string;
  readonly vpcCidr: string;
}

/** What reaches a worker of either kind from the mesh: the bridge's port, and Consul's gossip. */
export class WorkerSecurity extends Construct {
  readonly securityGroupId: string;

  constructor(scope: Construct, id: string, props: WorkerSecurityProps) {
    super(scope, id);
    const group = new SecurityGroup(this, "group", {
      name: `${props.name}-workers`,
      description: `Workers of the Kubernetes cluster ${props.name}`,
      vpcId: props.vpcId,
      tags: { Name: `${props.name}-workers` },
    });
    this.securityGroupId = group.id;

    const fromVpc = (ruleId: string, description: string, ipProtocol: string, port: number) =>
      new VpcSecurityGroupIngressRule(this, ruleId, {
        securityGroupId: group.id,
        description,
        cidrIpv4: props.vpcCidr,
        ipProtocol,
        fromPort: port,
        toPort: port,
      });
    fromVpc("bridge", "skyline-bridge, from gateways and Mesos nodes", "tcp", ports.inbound);
    fromVpc("gossip-tcp", "Consul gossip", "tcp", consulPorts.gossip);
    fromVpc("gossip-udp", "Consul gossip", "udp", consulPorts.gossip);
    new VpcSecurityGroupEgressRule(this, "egress", {
      securityGroupId: group.id,
      description: "Anywhere: images, AWS APIs, what services call",
      cidrIpv4: "0.0.0.0/0",
      ipProtocol: "-1",
    });
  }
}
