import { DeploymentV1 } from "@cdktf/provider-kubernetes/lib/deployment-v1";
import { PodDisruptionBudgetV1 } from "@cdktf/provider-kubernetes/lib/pod-disruption-budget-v1";
import { Construct } from "constructs";
import { addOnAccounts, clusterResourceName, tagKeys } from "../../../environment/naming";
import { apart, asUser, CONFINED, httpProbe, labelsOf, metadataOf, nodeName, serviceAccount } from "./add-on";
import type { EbsDriverProps } from "./ebs-driver";

/** The driver's name in Kubernetes. */
export const EBS_DRIVER = "ebs.csi.aws.com";

const NAME = addOnAccounts.ebsController;
/** The driver's own user in its images. */
const USER = 1000;
/** Of the driver's health on the node, whose port it is. */
const HEALTH_PORT = 9812;
const FOLDER = "/csi";
const SOCKET = `${FOLDER}/csi.sock`;

/** The part of the EBS driver that makes, attaches and grows volumes, with the sidecars that hear what is asked for. */
export class EbsController extends Construct {
  constructor(scope: Construct, id: string, props: EbsDriverProps) {
    super(scope, id);
    const { images } = props;
    const account = serviceAccount(this, NAME);
    const sidecar = (name: string, image: string, args: readonly string[]) => ({
      name,
      image,
      imagePullPolicy: "IfNotPresent",
      args: [`--csi-address=${SOCKET}`, ...args],
      securityContext: CONFINED,
      resources: { requests: { cpu: "10m", memory: "40Mi" }, limits: { memory: "256Mi" } },
      volumeMount: [{ name: "socket", mountPath: FOLDER }],
    });

    new DeploymentV1(this, "deployment", {
      metadata: metadataOf(NAME),
      waitForRollout: true,
      spec: {
        replicas: "2",
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "0", maxUnavailable: "1" } },
        selector: { matchLabels: labelsOf(NAME) },
        template: {
          metadata: { labels: labelsOf(NAME) },
          spec: {
            serviceAccountName: NAME,
            automountServiceAccountToken: true,
            enableServiceLinks: false,
            priorityClassName: "system-cluster-critical",
            // Instance metadata, from which the credentials come, are one hop away and no more.
            hostNetwork: true,
            dnsPolicy: "Default",
            nodeSelector: { "kubernetes.io/os": "linux" },
            topologySpreadConstraint: apart(NAME),
            securityContext: { ...asUser(USER), fsGroup: String(USER) },
            container: [
              {
                name: "driver",
                image: images.ebsDriver,
                imagePullPolicy: "IfNotPresent",
                args: [
                  "controller",
                  `--endpoint=unix://${SOCKET}`,
                  "--batching=true",
                  "--logging-format=json",
                  `--k8s-tag-cluster-id=${clusterResourceName(props.environment, props.cluster)}`,
                  `--extra-tags=${tagKeys.environment}=${props.environment},${tagKeys.cluster}=${props.cluster}`,
                  "--v=2",
                ],
                env: [nodeName("CSI_NODE_NAME"), { name: "AWS_REGION", value: props.region }],
                port: [
                  {
                    name: "health",
                    containerPort: HEALTH_PORT,
                    hostPort: HEALTH_PORT,
                    hostIp: "127.0.0.1",
                    protocol: "TCP",
                  },
                ],
                securityContext: CONFINED,
                resources: { requests: { cpu: "10m", memory: "40Mi" }, limits: { memory: "256Mi" } },
                livenessProbe: {
                  ...httpProbe("/healthz", "health", { host: "127.0.0.1" }),
                  initialDelaySeconds: 10,
                  failureThreshold: 5,
                },
                readinessProbe: {
                  ...httpProbe("/healthz", "health", { host: "127.0.0.1" }),
                  failureThreshold: 5,
                },
                volumeMount: [{ name: "socket", mountPath: FOLDER }],
              },
              sidecar("provisioner", images.csiProvisioner, [
                "--timeout=60s",
                "--feature-gates=Topology=true",
                "--extra-create-metadata",
                "--leader-election=true",
                "--default-fstype=ext4",
                "--v=2",
              ]),
              sidecar("attacher", images.csiAttacher, ["--timeout=6m", "--leader-election=true", "--v=2"]),
              sidecar("resizer", images.csiResizer, [
                "--timeout=60s",
                "--handle-volume-inuse-error=false",
                "--leader-election=true",
                "--v=2",
              ]),
              sidecar("liveness-probe", images.csiLivenessProbe, [
                `--http-endpoint=127.0.0.1:${HEALTH_PORT}`,
                "--probe-timeout=60s",
              ]),
            ],
            volume: [{ name: "socket", emptyDir: {} }],
          },
        },
      },
      dependsOn: [account, ...props.after],
    });
    new PodDisruptionBudgetV1(this, "disruption-budget", {
      metadata: metadataOf(NAME),
      spec: { maxUnavailable: "1", selector: { matchLabels: labelsOf(NAME) } },
    });
  }
}
