import { DataAwsSsmParameter } from "@cdktf/provider-aws/lib/data-aws-ssm-parameter";
import type { Construct } from "constructs";
import type { NodeImage } from "./node-image";

/** The AMI's id for a launch template; a stock image has none, EKS puts in its own. */
export function imageId(scope: Construct, { source }: NodeImage): string | undefined {
  if (source.type === "al2023") {
    return undefined;
  }
  // insecure_value, since an AMI id is no secret and a plan that hides it cannot be reviewed.
  return source.parameter === undefined
    ? source.id
    : new DataAwsSsmParameter(scope, "image", { name: source.parameter }).insecureValue;
}
