import { clusterResourceName } from "../../../../environment/naming";
import type { LeaveSettings, NodePlace } from "./settings";

/**
 * A secret that skyline-secrets.service writes as files into a directory of the user who owns them; nobody else reads
 * the keys.
 */
export const secretFiles = (secret: string, directory: string, owner: string) =>
  `${secret}:${directory}:${owner}`;

/**
 * Variables of /etc/skyline/node.env that every node has.
 * @param secrets as {@link secretFiles} makes them
 */
export function nodeVariables(
  role: string,
  place: NodePlace,
  secrets: readonly string[],
): Record<string, string> {
  return {
    AWS_REGION: place.region,
    AWS_DEFAULT_REGION: place.region,
    // aws-iam-authenticator's SDK would go to the global endpoint, which a private network has no way to.
    AWS_STS_REGIONAL_ENDPOINTS: "regional",
    SKYLINE_ENVIRONMENT: place.environment,
    SKYLINE_CLUSTER: place.cluster,
    SKYLINE_CLUSTER_ID: clusterResourceName(place.environment, place.cluster),
    SKYLINE_ROLE: role,
    SKYLINE_SECRETS: secrets.join(" "),
  };
}

/** Variables of nodes that leave in order before they are terminated. */
export const leaveVariables = (leave: LeaveSettings): Record<string, string> => ({
  SKYLINE_GROUP: leave.group,
  SKYLINE_LIFECYCLE_HOOK: leave.lifecycleHook,
  SKYLINE_LEAVE_LIMIT: String(leave.leaveLimitSeconds),
});
