import type { InstancePlace } from "./instance-place";

/**
 * What all Auto Scaling groups of a cluster have in common.
 *
 * None of them sets `autoRollback`: Terraform's provider writes the new template into the group before it starts the
 * refresh, so AWS knows no older one to go back to (hashicorp/terraform-provider-aws, issue 34189).
 */
export const groupSettings = (
  place: Pick<InstancePlace, "launchRoleArn">,
  name: string,
  tags: Readonly<Record<string, string>>,
) => ({
  name,
  serviceLinkedRoleArn: place.launchRoleArn,
  // Waiting would fail an apply in which a part that a node needs comes later, and mark the group for replacement.
  waitForCapacityTimeout: "0",
  tag: Object.entries(tags).map(([key, value]) => ({ key, value, propagateAtLaunch: true })),
  // Nodes leave in order, held by their lifecycle hook.
  timeouts: { delete: "30m" },
});
