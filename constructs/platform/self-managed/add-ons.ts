import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { AddOnProps } from "./add-on";
import { CloudController } from "./cloud-controller";
import { CoreDns } from "./core-dns";
import { EbsDriver } from "./ebs-driver";
import { Flannel } from "./flannel";
import { addOnImages } from "./images";
import type { AddOnImages } from "./images";
import { KubeProxy } from "./kube-proxy";
import { KubeletCsrApprover } from "./kubelet-csr-approver";

export interface SelfManagedAddOnsProps extends Omit<AddOnProps, "images"> {
  /** Version of Kubernetes, `1.35.4`: that of kube-proxy. */
  readonly kubernetes: string;
  /**
   * Images from elsewhere, such as a registry of one's own.
   * @default {}
   */
  readonly images?: Partial<AddOnImages>;
}

/**
 * What a self-managed cluster needs inside, and EKS brings along: proxies, a network, DNS, the cloud's word on nodes,
 * volumes, and kubelets' certificates. All of it is in a namespace of its own, and its rights come from the admin's
 * bootstrap (`skyline manifests --bootstrap`).
 *
 * The order is that in which a first node comes to life: proxy, network and cloud controller need nothing, and nothing
 * else runs without them.
 */
export class SelfManagedAddOns extends Construct {
  /** What must work before a pod outside of the node's own network can start. */
  readonly network: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: SelfManagedAddOnsProps) {
    super(scope, id);
    const addOn = { ...props, images: { ...addOnImages(props.kubernetes), ...props.images } };
    const proxy = new KubeProxy(this, "kube-proxy", addOn);
    const flannel = new Flannel(this, "flannel", addOn);
    const cloud = new CloudController(this, "cloud-controller", addOn);
    this.network = [proxy.daemonSet, flannel.daemonSet, cloud.deployment];
    const after = this.network;
    new CoreDns(this, "core-dns", { ...addOn, after });
    new KubeletCsrApprover(this, "kubelet-csr-approver", { ...addOn, after });
    new EbsDriver(this, "ebs-driver", { ...addOn, after });
  }
}
