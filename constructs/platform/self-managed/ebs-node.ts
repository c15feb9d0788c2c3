import { DaemonSetV1 } from "@cdktf/provider-kubernetes/lib/daemon-set-v1";
import { Construct } from "constructs";
import { addOnAccounts } from "../../../environment/naming";
import {
  AS_ROOT,
  CONFINED,
  EVERYWHERE,
  httpProbe,
  labelsOf,
  metadataOf,
  nodeName,
  serviceAccount,
} from "./add-on";
import { EBS_DRIVER } from "./ebs-controller";
import type { EbsDriverProps } from "./ebs-driver";

const NAME = addOnAccounts.ebsNode;
const HEALTH_PORT = 9808;
const FOLDER = "/csi";
const SOCKET = `${FOLDER}/csi.sock`;
const KUBELET = "/var/lib/kubelet";
const PLUGIN = `${KUBELET}/plugins/${EBS_DRIVER}`;

/** The part of the EBS driver on every node, which formats volumes and mounts them into pods. */
export class EbsNode extends Construct {
  constructor(scope: Construct, id: string, props: EbsDriverProps) {
    super(scope, id);
    const { images } = props;
    const account = serviceAccount(this, NAME);
    const small = { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "64Mi" } };

    new DaemonSetV1(this, "daemon-set", {
      metadata: metadataOf(NAME),
      waitForRollout: true,
      spec: {
        selector: { matchLabels: labelsOf(NAME) },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
        template: {
          metadata: { labels: labelsOf(NAME) },
          spec: {
            serviceAccountName: NAME,
            automountServiceAccountToken: true,
            enableServiceLinks: false,
            priorityClassName: "system-node-critical",
            nodeSelector: { "kubernetes.io/os": "linux" },
            toleration: EVERYWHERE,
            // Devices and the kubelet's folders are root's.
            securityContext: AS_ROOT,
            container: [
              {
                name: "driver",
                image: images.ebsDriver,
                imagePullPolicy: "IfNotPresent",
                args: [
                  "node",
                  `--endpoint=unix:${SOCKET}`,
                  `--csi-mount-point-prefix=${KUBELET}/plugins/kubernetes.io/csi/${EBS_DRIVER}/`,
                  // From the labels that the cloud controller gives the node: instance metadata are out of a pod's reach.
                  "--metadata-sources=kubernetes",
                  // The root volume, which these labels do not tell of.
                  "--reserved-volume-attachments=1",
                  "--logging-format=json",
                  "--v=2",
                ],
                // No node starts with the driver's taint, and without the watcher no driver may change nodes.
                env: [nodeName("CSI_NODE_NAME"), { name: "DISABLE_TAINT_WATCHER", value: "true" }],
                port: [{ name: "health", containerPort: HEALTH_PORT, protocol: "TCP" }],
                // What it mounts must be seen by the kubelet, and Kubernetes lets none but privileged containers pass
                // mounts on.
                securityContext: { privileged: true, readOnlyRootFilesystem: true },
                resources: { requests: { cpu: "10m", memory: "40Mi" }, limits: { memory: "256Mi" } },
                lifecycle: { preStop: [{ exec: { command: ["/bin/aws-ebs-csi-driver", "pre-stop-hook"] } }] },
                livenessProbe: {
                  ...httpProbe("/healthz", "health"),
                  initialDelaySeconds: 10,
                  failureThreshold: 5,
                },
                readinessProbe: { ...httpProbe("/healthz", "health"), periodSeconds: 5 },
                volumeMount: [
                  { name: "kubelet", mountPath: KUBELET, mountPropagation: "Bidirectional" },
                  { name: "plugin", mountPath: FOLDER },
                  { name: "devices", mountPath: "/dev" },
                ],
              },
              {
                name: "registrar",
                image: images.csiNodeRegistrar,
                imagePullPolicy: "IfNotPresent",
                args: [`--csi-address=${SOCKET}`, `--kubelet-registration-path=${PLUGIN}/csi.sock`, "--v=2"],
                securityContext: CONFINED,
                resources: small,
                volumeMount: [
                  { name: "plugin", mountPath: FOLDER },
                  { name: "registration", mountPath: "/registration" },
                ],
              },
              {
                name: "liveness-probe",
                image: images.csiLivenessProbe,
                imagePullPolicy: "IfNotPresent",
                args: [`--csi-address=${SOCKET}`, `--health-port=${HEALTH_PORT}`],
                securityContext: CONFINED,
                resources: small,
                volumeMount: [{ name: "plugin", mountPath: FOLDER }],
              },
            ],
            volume: [
              { name: "kubelet", hostPath: { path: KUBELET, type: "Directory" } },
              { name: "plugin", hostPath: { path: PLUGIN, type: "DirectoryOrCreate" } },
              { name: "registration", hostPath: { path: `${KUBELET}/plugins_registry`, type: "Directory" } },
              { name: "devices", hostPath: { path: "/dev", type: "Directory" } },
            ],
          },
        },
      },
      dependsOn: [account, ...props.after],
    });
  }
}
