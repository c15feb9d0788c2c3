import type { NodeImageSpec, ScalingSpec } from "../environment/schema";
import { NodeImage } from "../constructs/instances/node-image";
import { Scaling } from "../constructs/cluster/scaling";

/** What an environment file says of workers, as the constructs of either kind take it. */

export const scalingOf = (spec: ScalingSpec) =>
  "fixed" in spec ? Scaling.fixed(spec.fixed) : Scaling.managedByAutoscaler(spec);

export function imageOf(spec: NodeImageSpec): NodeImage {
  if ("al2023" in spec) {
    return NodeImage.al2023(spec.release);
  }
  return "id" in spec ? NodeImage.id(spec.id) : NodeImage.ssm(spec.ssm);
}
