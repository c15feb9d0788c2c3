import { CsiDriverV1 } from "@cdktf/provider-kubernetes/lib/csi-driver-v1";
import { StorageClassV1 } from "@cdktf/provider-kubernetes/lib/storage-class-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { AddOnProps } from "./add-on";
import { EBS_DRIVER, EbsController } from "./ebs-controller";
import { EbsNode } from "./ebs-node";

export interface EbsDriverProps extends Pick<AddOnProps, "environment" | "cluster" | "region" | "images"> {
  /** What must work before pods outside of the node's own network start. */
  readonly after: readonly ITerraformDependable[];
}

/** Volumes of EBS for pods: AWS' CSI driver, and the class `gp3`, encrypted, for claims that name none. */
export class EbsDriver extends Construct {
  constructor(scope: Construct, id: string, props: EbsDriverProps) {
    super(scope, id);
    const labels = { "app.kubernetes.io/part-of": "skyline" };
    const driver = new CsiDriverV1(this, "driver", {
      metadata: { name: EBS_DRIVER, labels },
      spec: { attachRequired: true, podInfoOnMount: false },
    });
    new EbsNode(this, "node", { ...props, after: [driver, ...props.after] });
    new EbsController(this, "controller", { ...props, after: [driver, ...props.after] });
    new StorageClassV1(this, "class", {
      metadata: {
        name: "gp3",
        labels,
        annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
      },
      storageProvisioner: EBS_DRIVER,
      parameters: { type: "gp3", encrypted: "true", "csi.storage.k8s.io/fstype": "ext4" },
      // In the zone of the pod that asks first.
      volumeBindingMode: "WaitForFirstConsumer",
      allowVolumeExpansion: true,
      reclaimPolicy: "Delete",
    });
  }
}
