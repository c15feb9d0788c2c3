import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { Construct } from "constructs";

export interface ControlPlaneSecurityProps {
  readonly name: string;
  readonly vpcId: string;
  readonly vpcCidr: string;
  /** Networks outside the VPC that use the private endpoint, by name. */
  readonly clients: readonly { readonly name: string; readonly cidr: string }[];
}

/** Who may open a connection to the private endpoint of either kind: the VPC and the named clients. */
export class ControlPlaneSecurity extends Construct {
  readonly securityGroupId: string;

  constructor(scope: Construct, id: string, props: ControlPlaneSecurityProps) {
    super(scope, id);
    const group = new SecurityGroup(this, "group", {
      name: `${props.name}-control-plane`,
      description: `API endpoint of the Kubernetes cluster ${props.name}`,
      vpcId: props.vpcId,
      tags: { Name: `${props.name}-control-plane` },
    });
    this.securityGroupId = group.id;
    const from = (scope: Construct, ruleId: string, who: string, cidr: string) =>
      new VpcSecurityGroupIngressRule(scope, ruleId, {
        securityGroupId: group.id,
        description: `API from ${who}`,
        cidrIpv4: cidr,
        ipProtocol: "tcp",
        fromPort: 443,
        toPort: 443,
      });
    from(this, "vpc", "the VPC", props.vpcCidr);
    const clients = new Construct(this, "clients");
    for (const client of props.clients) {
      from(clients, client.name, client.name, client.cidr);
    }
  }
}
