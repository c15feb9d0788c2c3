import { PriorityClassV1 } from "@cdktf/provider-kubernetes/lib/priority-class-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";

/** Priority classes, the same in every cluster: a restore onto a cluster that lacks one leaves pods uncreated. */
export const PRIORITY_CLASSES = {
  "skyline-mesh": {
    value: 1_000_000_000,
    preemptionPolicy: "PreemptLowerPriority",
    description: "The bridge: a worker without it is lost to the mesh.",
  },
  "skyline-critical": {
    value: 1_000_000,
    preemptionPolicy: "PreemptLowerPriority",
    description: "Services without which the product is down; they push others out when room is short.",
  },
  "skyline-batch": {
    value: -1000,
    preemptionPolicy: "Never",
    description: "Work that can wait: the first to go when room is short, and pushes nothing out.",
  },
} as const;

export type PriorityClassName = keyof typeof PRIORITY_CLASSES;

/** The priority classes of {@link PRIORITY_CLASSES}. */
export class PriorityClasses extends Construct {
  private readonly made: Record<PriorityClassName, ITerraformDependable>;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const make = (name: PriorityClassName) =>
      new PriorityClassV1(this, name, { metadata: { name }, ...PRIORITY_CLASSES[name] });
    this.made = {
      "skyline-mesh": make("skyline-mesh"),
      "skyline-critical": make("skyline-critical"),
      "skyline-batch": make("skyline-batch"),
    };
  }

  get(name: PriorityClassName): ITerraformDependable {
    return this.made[name];
  }
}
