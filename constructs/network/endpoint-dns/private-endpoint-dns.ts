import { Construct } from "constructs";
import type { Network } from "../network";
import { ForwardRules, type EndpointDns } from "./forward-rules";
import { ResolverEndpoint } from "./resolver-endpoint";

export interface PrivateEndpointDnsProps {
  /** Name of the environment, prefix of everything made. */
  readonly name: string;
  /** Network of the clusters; the inbound endpoint has an address in each of its private subnets, two or more. */
  readonly network: Network;
  /** Domain of the environment's private zone. */
  readonly domain: string;
  /** Networks that resolve the private names: at least one. Each gets an outbound endpoint. */
  readonly clients: readonly {
    readonly name: string;
    readonly vpc: string;
    readonly cidr: string;
    readonly subnets: readonly string[];
  }[];
  /**
   * Accounts that get the forward rules, by AWS RAM.
   * @default [] - only this account's client networks
   */
  readonly shareWith?: readonly string[];
}

/**
 * Lets networks outside the VPC resolve its private names: an inbound Route 53 Resolver endpoint in the VPC, an outbound
 * one in each client network, and rules that forward the environment's domain. Each cluster adds a rule of its own with
 * `ForwardRules`. docs/constructs/private-endpoint-dns.md says when it is needed, and when not.
 *
 * @throws Error when there is no client, or fewer than two zones for an endpoint
 */
export class PrivateEndpointDns extends Construct implements EndpointDns {
  readonly inboundAddresses: readonly string[];
  readonly clients: EndpointDns["clients"];
  readonly shareWith: readonly string[];

  constructor(scope: Construct, id: string, props: PrivateEndpointDnsProps) {
    super(scope, id);
    if (props.clients.length === 0) {
      throw new Error("private endpoint DNS wants at least one client network: nobody else would ask it");
    }
    const inbound = new ResolverEndpoint(this, "inbound", {
      name: `${props.name}-dns-inbound`,
      direction: "inbound",
      vpcId: props.network.vpcId,
      subnetIds: props.network.privateSubnetIds,
      peers: props.clients,
    });
    this.inboundAddresses = inbound.addresses;

    const outbound = new Construct(this, "outbound");
    this.clients = props.clients.map(({ name, vpc, subnets }) => {
      const endpoint = new ResolverEndpoint(outbound, name, {
        name: `${props.name}-dns-${name}`,
        direction: "outbound",
        vpcId: vpc,
        subnetIds: subnets,
        peers: [{ name: props.name, cidr: props.network.cidr }],
      });
      return { name, vpc, outboundEndpointId: endpoint.endpointId };
    });
    this.shareWith = props.shareWith ?? [];

    new ForwardRules(this, "domain", { name: `${props.name}-domain`, domain: props.domain, dns: this });
  }
}
