import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import { Construct } from "constructs";
import { activeApiHost, apiHost } from "../../environment/naming";

export interface ActiveApiNameProps {
  readonly zoneId: string;
  readonly domain: string;
  /** Self-managed cluster that the name stands for at first. */
  readonly clusterName: string;
}

/**
 * `api.<domain>`, the API of the active self-managed cluster. Terraform makes the name, a promotion moves it: an apply
 * must not send people back to the old cluster.
 */
export class ActiveApiName extends Construct {
  constructor(scope: Construct, id: string, props: ActiveApiNameProps) {
    super(scope, id);
    new Route53Record(this, "name", {
      zoneId: props.zoneId,
      name: activeApiHost(props.domain),
      type: "CNAME",
      // As long as a resolver may go on sending people to the old cluster.
      ttl: 30,
      records: [apiHost(props.clusterName, props.domain)],
      lifecycle: { ignoreChanges: ["records"] },
    });
  }
}
