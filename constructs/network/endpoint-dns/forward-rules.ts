import { RamPrincipalAssociation } from "@cdktf/provider-aws/lib/ram-principal-association";
import { RamResourceAssociation } from "@cdktf/provider-aws/lib/ram-resource-association";
import { RamResourceShare } from "@cdktf/provider-aws/lib/ram-resource-share";
import { Route53ResolverRule } from "@cdktf/provider-aws/lib/route53-resolver-rule";
import { Route53ResolverRuleAssociation } from "@cdktf/provider-aws/lib/route53-resolver-rule-association";
import { Construct } from "constructs";

/** What clusters need to know of {@link PrivateEndpointDns}: made by it, or read from the network stack's outputs. */
export interface EndpointDns {
  /** Addresses of the inbound endpoint, one a zone. */
  readonly inboundAddresses: readonly string[];
  /** The client networks, each with the outbound endpoint in it. */
  readonly clients: readonly {
    readonly name: string;
    readonly vpc: string;
    readonly outboundEndpointId: string;
  }[];
  /** Accounts, 12 digits each, that get the rules to associate with networks of their own. */
  readonly shareWith: readonly string[];
}

export interface ForwardRulesProps {
  readonly name: string;
  /** The name that is forwarded, and all names below it. */
  readonly domain: string;
  readonly dns: EndpointDns;
}

/**
 * Sends the questions of client networks for one domain to the environment's inbound endpoint: a rule for each client
 * network, associated with it, and shared with other accounts where the environment names some.
 */
export class ForwardRules extends Construct {
  constructor(scope: Construct, id: string, props: ForwardRulesProps) {
    super(scope, id);
    const { dns } = props;
    const rules = dns.clients.map((client) => {
      const name = `${props.name}-${client.name}`;
      const rule = new Route53ResolverRule(this, `${client.name}-rule`, {
        name,
        domainName: props.domain,
        ruleType: "FORWARD",
        resolverEndpointId: client.outboundEndpointId,
        targetIp: dns.inboundAddresses.map((ip) => ({ ip })),
        tags: { Name: name },
      });
      new Route53ResolverRuleAssociation(this, `${client.name}-association`, {
        name,
        resolverRuleId: rule.id,
        vpcId: client.vpc,
      });
      return { client: client.name, arn: rule.arn };
    });
    if (dns.shareWith.length === 0) {
      return;
    }

    const share = new RamResourceShare(this, "share", {
      name: props.name,
      // Accounts of another organization accept the invitation themselves.
      allowExternalPrincipals: true,
      tags: { Name: props.name },
    });
    for (const { client, arn } of rules) {
      new RamResourceAssociation(this, `${client}-share`, { resourceArn: arn, resourceShareArn: share.arn });
    }
    for (const account of dns.shareWith) {
      new RamPrincipalAssociation(this, `account-${account}`, {
        principal: account,
        resourceShareArn: share.arn,
      });
    }
  }
}
