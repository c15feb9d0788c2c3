import { secretNames } from "../../../environment/naming";
import { allow, readSecret, type AwsPlace, type Statement } from "../../iam";

/** What the role of a worker of either kind may do for its Consul agent: find the servers, read the workers' secret. */
export const consulAgentRights = (place: AwsPlace & { readonly environment: string }): Statement[] => [
  // The agent joins servers by their tag; DescribeInstances knows no narrower resource.
  allow(["ec2:DescribeInstances"], ["*"]),
  readSecret(place, secretNames.consulWorkers(place.environment)),
];
