import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { Construct } from "constructs";
import { etcdPorts, kubernetesPorts, VXLAN_PORT } from "../../../environment/naming";
import type { Network } from "../../network/network";
import { ControlPlaneSecurity } from "../control-plane-security";
import { WorkerSecurity } from "../worker-security";

export interface ClusterSecurityProps {
  readonly name: string;
  readonly network: Network;
  /** Networks outside the VPC that use the API, by name. */
  readonly clients: readonly { readonly name: string; readonly cidr: string }[];
}

interface Rule {
  /** Security group that opens the connection. */
  readonly from: string;
  /** Security group that takes it. */
  readonly to: string;
  readonly port: number;
  readonly protocol?: "tcp" | "udp";
  readonly description: string;
}

/** Who may open a connection to whom in a self-managed cluster: balancer, controllers, etcd and workers. */
export class ClusterSecurity extends Construct {
  readonly balancer: string;
  readonly controllers: string;
  readonly etcd: string;
  readonly workers: string;

  constructor(scope: Construct, id: string, props: ClusterSecurityProps) {
    super(scope, id);
    const { name } = props;
    const { vpcId, cidr: vpcCidr } = props.network;
    const group = (groupId: string, description: string) =>
      new SecurityGroup(this, groupId, {
        name: `${name}-${groupId}`,
        description: `${description} of the Kubernetes cluster ${name}`,
        vpcId,
        tags: { Name: `${name}-${groupId}` },
      }).id;

    this.balancer = new ControlPlaneSecurity(this, "balancer", {
      name,
      vpcId,
      vpcCidr,
      clients: props.clients,
    }).securityGroupId;
    this.controllers = group("controllers", "Controllers");
    this.etcd = group("etcd", "etcd members");
    this.workers = new WorkerSecurity(this, "worker-security", { name, vpcId, vpcCidr }).securityGroupId;

    const api = {
      from: this.balancer,
      to: this.controllers,
      port: kubernetesPorts.apiServer,
      description: "API and its health, from the balancer",
    };
    const store = {
      from: this.controllers,
      to: this.etcd,
      port: etcdPorts.client,
      description: "API servers to etcd",
    };
    const peers = {
      from: this.etcd,
      to: this.etcd,
      port: etcdPorts.peer,
      description: "etcd members among each other",
    };
    const kubelets = {
      from: this.controllers,
      to: this.workers,
      port: kubernetesPorts.kubelet,
      description: "API servers to kubelets: logs, exec, port forwarding",
    };
    this.allow("api", api);
    // kube-proxy sends what pods ask the Service `kubernetes` to the controllers' own addresses, past the balancer. Workers
    // may open connections to anywhere already.
    this.letIn("api-of-pods", {
      from: this.workers,
      to: this.controllers,
      port: kubernetesPorts.apiServer,
      description: "API, from pods and workers by the Service kubernetes",
    });
    this.allow("etcd-clients", store);
    this.allow("etcd-peers", peers);
    this.allow("etcd-health", {
      from: this.etcd,
      to: this.etcd,
      port: etcdPorts.client,
      description: "etcd members ask whether all others are well before they leave",
    });
    this.allow("kubelets", kubelets);
    this.letIn("pods", {
      from: this.workers,
      to: this.workers,
      port: VXLAN_PORT,
      protocol: "udp",
      description: "Packets of pods from worker to worker, by VXLAN",
    });
    this.letIn("kubelet-metrics", {
      from: this.workers,
      to: this.workers,
      port: kubernetesPorts.kubelet,
      description: "Pods that read metrics of kubelets",
    });
    this.toServices("controllers-egress", this.controllers);
    this.toServices("etcd-egress", this.etcd);
  }

  /** Both ways in: the one lets out what the other lets in. */
  private allow(id: string, rule: Rule): void {
    this.letIn(id, rule);
    new VpcSecurityGroupEgressRule(this, `${id}-egress`, {
      securityGroupId: rule.from,
      description: rule.description,
      referencedSecurityGroupId: rule.to,
      ...portOf(rule),
    });
  }

  private letIn(id: string, rule: Rule): void {
    new VpcSecurityGroupIngressRule(this, id, {
      securityGroupId: rule.to,
      description: rule.description,
      referencedSecurityGroupId: rule.from,
      ...portOf(rule),
    });
  }

  private toServices(id: string, securityGroupId: string): void {
    new VpcSecurityGroupEgressRule(this, id, {
      securityGroupId,
      description: "APIs of AWS",
      cidrIpv4: "0.0.0.0/0",
      ...portOf({ port: 443 }),
    });
  }
}

const portOf = ({ port, protocol = "tcp" }: Pick<Rule, "port" | "protocol">) => ({
  ipProtocol: protocol,
  fromPort: port,
  toPort: port,
});
