import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { Construct } from "constructs";
import { consulPorts } from "../../environment/naming";
import type { MeshPlace } from "./mesh-place";

/** One port, and who is at the other end of it: a network or a security group. */
export interface Opening {
  readonly description: string;
  readonly port: number;
  /** @default "tcp" */
  readonly protocol?: "tcp" | "udp";
  readonly peer: { readonly cidr: string } | { readonly group: string };
}

export interface MeshSecurityProps {
  readonly place: Pick<MeshPlace, "network">;
  /** Name of the group. */
  readonly name: string;
  readonly description: string;
}

/** A security group of the mesh, which lets through what it is told and nothing else, in either direction. */
export class MeshSecurity extends Construct {
  readonly groupId: string;
  private readonly vpc: { readonly cidr: string };
  private readonly ingress: Construct;
  private readonly egress: Construct;
  private readonly clients: Construct;

  constructor(scope: Construct, id: string, props: MeshSecurityProps) {
    super(scope, id);
    const { network } = props.place;
    this.vpc = { cidr: network.cidr };
    this.groupId = new SecurityGroup(this, "group", {
      name: props.name,
      description: props.description,
      vpcId: network.vpcId,
      tags: { Name: props.name },
    }).id;
    this.ingress = new Construct(this, "ingress");
    this.egress = new Construct(this, "egress");
    this.clients = new Construct(this, "clients");
  }

  letIn(id: string, opening: Opening): void {
    new VpcSecurityGroupIngressRule(this.ingress, id, this.rule(opening));
  }

  /** Apart from the other rules, as people choose the names of client networks. */
  letClientIn(name: string, opening: Opening): void {
    new VpcSecurityGroupIngressRule(this.clients, name, this.rule(opening));
  }

  letOut(id: string, opening: Opening): void {
    new VpcSecurityGroupEgressRule(this.egress, id, this.rule(opening));
  }

  /** What every node with a Consul agent needs: gossip in the VPC, the servers, and AWS. */
  openForConsul(): void {
    for (const protocol of ["tcp", "udp"] as const) {
      const gossip = { description: "Consul gossip", port: consulPorts.gossip, protocol, peer: this.vpc };
      this.letIn(`gossip-${protocol}`, gossip);
      this.letOut(`gossip-${protocol}`, gossip);
    }
    this.letOut("consul-servers", {
      description: "RPC of the Consul servers",
      port: consulPorts.serverRpc,
      peer: this.vpc,
    });
    this.letOut("aws", { description: "AWS APIs", port: 443, peer: { cidr: "0.0.0.0/0" } });
  }

  private rule({ description, port, protocol = "tcp", peer }: Opening) {
    return {
      securityGroupId: this.groupId,
      description,
      ipProtocol: protocol,
      fromPort: port,
      toPort: port,
      ...("cidr" in peer ? { cidrIpv4: peer.cidr } : { referencedSecurityGroupId: peer.group }),
    };
  }
}
