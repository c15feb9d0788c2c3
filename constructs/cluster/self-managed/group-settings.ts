import type { ClusterPlace } from "./place";

/** What all Auto Scaling groups of a cluster have in common. */
export const groupSettings = (
  place: Pick<ClusterPlace, "launchRoleArn">,
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
