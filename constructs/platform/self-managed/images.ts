import { minorOf, SUPPORTED_MINORS } from "../../../environment/kubernetes-version";

/** Images of the add-ons, all pinned. `coreDns` is of the version that the tests run. */
export interface AddOnImages {
  readonly coreDns: string;
  readonly kubeProxy: string;
  readonly flannel: string;
  readonly flannelPlugin: string;
  readonly cloudController: string;
  readonly csrApprover: string;
  readonly ebsDriver: string;
  readonly csiProvisioner: string;
  readonly csiAttacher: string;
  readonly csiResizer: string;
  readonly csiNodeRegistrar: string;
  readonly csiLivenessProbe: string;
}

/** Releases by minor version of Kubernetes: a cloud controller must not be newer than the API server. */
const CLOUD_CONTROLLERS: Readonly<Record<string, string>> = {
  "1.34": "v1.34.3",
  "1.35": "v1.35.2",
  "1.36": "v1.36.1",
};

/**
 * The images for a version of Kubernetes: kube-proxy is of exactly that version.
 *
 * @param kubernetes `1.35.4`
 * @throws Error for a minor version that no cloud controller is pinned for
 */
export function addOnImages(kubernetes: string): AddOnImages {
  const cloudController = CLOUD_CONTROLLERS[minorOf(kubernetes) ?? ""];
  if (cloudController === undefined) {
    throw new Error(
      `no cloud controller is pinned for Kubernetes ${kubernetes}; there is one for ${SUPPORTED_MINORS.join(", ")}`,
    );
  }
  return {
    coreDns: "registry.k8s.io/coredns/coredns:v1.14.6",
    kubeProxy: `registry.k8s.io/kube-proxy:v${kubernetes}`,
    flannel: "ghcr.io/flannel-io/flannel:v0.28.9",
    flannelPlugin: "ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel3",
    cloudController: `registry.k8s.io/provider-aws/cloud-controller-manager:${cloudController}`,
    csrApprover: "ghcr.io/postfinance/kubelet-csr-approver:v1.2.14",
    ebsDriver: "public.ecr.aws/ebs-csi-driver/aws-ebs-csi-driver:v1.64.0",
    csiProvisioner: "public.ecr.aws/csi-components/csi-provisioner:v6.3.0-eksbuild.4",
    csiAttacher: "public.ecr.aws/csi-components/csi-attacher:v4.12.0-eksbuild.5",
    csiResizer: "public.ecr.aws/csi-components/csi-resizer:v2.2.1-eksbuild.3",
    csiNodeRegistrar: "public.ecr.aws/csi-components/csi-node-driver-registrar:v2.17.0-eksbuild.5",
    csiLivenessProbe: "public.ecr.aws/csi-components/livenessprobe:v2.19.0-eksbuild.5",
  };
}
