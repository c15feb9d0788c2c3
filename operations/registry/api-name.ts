import type { ResourceRecordSet, Route53Client } from "@aws-sdk/client-route-53";
import { activeApiHost, tagKeys } from "../../environment/naming";
import type { Environment } from "../../environment/schema";
import type { AwsAccount } from "../aws/account";
import { OperationFailure } from "../failure";

/** The CNAME `api.<domain>` as it stands. */
export interface ApiName {
  readonly name: string;
  /** Host that it leads to, without a dot in the end. */
  readonly target: string;
  /** Leads it to another host, on the condition that it is as it was read. */
  readonly move: (target: string) => Promise<void>;
}

const withoutDot = (name: string) => name.replace(/\.$/, "");

/**
 * Reads the name of the active self-managed cluster's API in the environment's private zone.
 * @throws OperationFailure missing, when there is no such zone or no such name: a stack was not applied
 */
export async function readApiName(aws: AwsAccount, environment: Environment): Promise<ApiName> {
  const { ChangeResourceRecordSetsCommand, ListResourceRecordSetsCommand, Route53Client } =
    await import("@aws-sdk/client-route-53");
  const client = new Route53Client(aws.settings);
  const { abortSignal } = aws;
  const name = activeApiHost(environment.domain);
  const HostedZoneId = await zoneOf(client, aws, environment);
  const list = new ListResourceRecordSetsCommand({
    HostedZoneId,
    StartRecordName: name,
    StartRecordType: "CNAME",
    MaxItems: 1,
  });
  const listed = await aws.ask(`reading the record ${name}`, () => client.send(list, { abortSignal }));
  const record = listed?.ResourceRecordSets?.find(
    ({ Name = "", Type }) => Type === "CNAME" && withoutDot(Name) === name,
  );
  const target = record?.ResourceRecords?.[0]?.Value;
  if (record === undefined || target === undefined) {
    throw new OperationFailure(
      "missing",
      `there is no CNAME ${name} in the private zone ${HostedZoneId}`,
      `apply the stack ${environment.environment}-network: it makes the name, and leaves where it leads alone`,
    );
  }
  const move = async (to: string) => {
    // Deleted as it was read and made anew, in one batch: the batch fails when somebody else was first.
    const after: ResourceRecordSet = { ...record, ResourceRecords: [{ Value: to }] };
    const change = new ChangeResourceRecordSetsCommand({
      HostedZoneId,
      ChangeBatch: {
        Comment: "skyline promote",
        Changes: [
          { Action: "DELETE", ResourceRecordSet: record },
          { Action: "CREATE", ResourceRecordSet: after },
        ],
      },
    });
    const moved = await aws.ask(
      `moving the record ${name}`,
      () => client.send(change, { abortSignal }),
      "InvalidChangeBatch",
      "PriorRequestNotComplete",
    );
    if (moved === undefined) {
      throw new OperationFailure(
        "conflict",
        `somebody else changes ${name} at the same time`,
        "run it again: it goes on with what is left to do",
      );
    }
  };
  return { name, target: withoutDot(target), move };
}

/** Id of the private zone of the environment's domain; of several, the one with the environment's tag. */
async function zoneOf(
  client: Route53Client,
  aws: AwsAccount,
  { environment, domain }: Environment,
): Promise<string> {
  const { ListHostedZonesByNameCommand, ListTagsForResourcesCommand } =
    await import("@aws-sdk/client-route-53");
  const { abortSignal } = aws;
  const list = new ListHostedZonesByNameCommand({ DNSName: domain, MaxItems: 100 });
  const listed = await aws.ask(`looking for the zone ${domain}`, () => client.send(list, { abortSignal }));
  const ids = (listed?.HostedZones ?? [])
    .filter(({ Name = "", Config }) => withoutDot(Name) === domain && Config?.PrivateZone === true)
    .map(({ Id = "" }) => Id.replace("/hostedzone/", ""));
  if (ids.length <= 1) {
    return ids[0] ?? absent(environment, domain);
  }
  const tags = new ListTagsForResourcesCommand({
    ResourceType: "hostedzone",
    ResourceIds: ids.slice(0, 10),
  });
  const tagged = await aws.ask(`reading the tags of zones ${domain}`, () =>
    client.send(tags, { abortSignal }),
  );
  const ours = (tagged?.ResourceTagSets ?? []).filter(({ Tags = [] }) =>
    Tags.some(({ Key, Value }) => Key === tagKeys.environment && Value === environment),
  );
  return ours[0]?.ResourceId ?? absent(environment, domain);
}

function absent(environment: string, domain: string): never {
  throw new OperationFailure(
    "missing",
    `there is no private zone ${domain} of environment ${environment}`,
    `apply the stack ${environment}-network first, or use credentials of its account`,
  );
}
