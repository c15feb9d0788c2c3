import { tagKeys } from "../../../environment/naming";
import { clientOptions, type AwsAccess } from "./access";

/** An Auto Scaling group as AWS tells of it. */
export interface GroupFacts {
  readonly name: string;
  readonly instances: number;
  /** Availability zones that it spreads its instances over. */
  readonly zones: readonly string[];
}

/** The Auto Scaling groups of an environment, by name. */
export async function readGroups(access: AwsAccess, environment: string): Promise<Map<string, GroupFacts>> {
  const { AutoScalingClient, paginateDescribeAutoScalingGroups } =
    await import("@aws-sdk/client-auto-scaling");
  const client = new AutoScalingClient(clientOptions(access, access.aws));
  const groups = new Map<string, GroupFacts>();
  const query = { Filters: [{ Name: `tag:${tagKeys.environment}`, Values: [environment] }] };
  for await (const page of paginateDescribeAutoScalingGroups({ client }, query)) {
    for (const group of page.AutoScalingGroups ?? []) {
      const name = group.AutoScalingGroupName ?? "";
      const zones = [...new Set(group.AvailabilityZones ?? [])].sort();
      groups.set(name, { name, instances: group.Instances?.length ?? 0, zones });
    }
  }
  return groups;
}
