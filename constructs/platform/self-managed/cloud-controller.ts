import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { DeploymentV1 } from "@cdktf/provider-kubernetes/lib/deployment-v1";
import { PodDisruptionBudgetV1 } from "@cdktf/provider-kubernetes/lib/pod-disruption-budget-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { ADD_ON_NAMESPACE, addOnAccounts, clusterResourceName } from "../../../environment/naming";
import { sha256 } from "../../../environment/mesh/places";
import { apart, asUser, CONFINED, directApiServer, labelsOf, metadataOf, serviceAccount } from "./add-on";
import type { AddOnProps } from "./add-on";

const NAME = addOnAccounts.cloudController;
const FOLDER = "/etc/cloud";
const PORT = 10258;
/** Nobody's: the image names no user of its own. */
const USER = 65532;

export type CloudControllerProps = Omit<AddOnProps, "networkCidr" | "serviceCidr" | "podCidr">;

/**
 * AWS' cloud controller: gives each new node its addresses, zone and instance id, takes the taint away with which it
 * registered, and removes nodes whose instances are gone. No load balancers (traffic comes by the mesh) and no routes
 * (pods have an overlay), so it neither needs nor gets rights to make any.
 *
 * It runs on workers, as controllers run no kubelet, and must come up on the first of them, which nobody has initialized.
 */
export class CloudController extends Construct {
  readonly deployment: ITerraformDependable;

  constructor(scope: Construct, id: string, props: CloudControllerProps) {
    super(scope, id);
    const clusterId = clusterResourceName(props.environment, props.cluster);
    const configuration = `[Global]\nKubernetesClusterID = ${clusterId}\n`;
    const account = serviceAccount(this, NAME);
    const configMap = new ConfigMapV1(this, "configuration", {
      metadata: metadataOf(NAME),
      data: { "cloud.conf": configuration },
    });

    this.deployment = new DeploymentV1(this, "deployment", {
      metadata: metadataOf(NAME),
      waitForRollout: true,
      spec: {
        replicas: "2",
        // The port is the node's: a third pod has no place in a cluster of two nodes.
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "0", maxUnavailable: "1" } },
        selector: { matchLabels: labelsOf(NAME) },
        template: {
          metadata: {
            labels: labelsOf(NAME),
            annotations: { "skyline/configuration": sha256(configuration) },
          },
          spec: {
            serviceAccountName: NAME,
            automountServiceAccountToken: true,
            enableServiceLinks: false,
            priorityClassName: "system-cluster-critical",
            // Instance metadata, from which the credentials come, are one hop away and no more.
            hostNetwork: true,
            dnsPolicy: "Default",
            nodeSelector: { "kubernetes.io/os": "linux" },
            toleration: [
              {
                key: "node.cloudprovider.kubernetes.io/uninitialized",
                operator: "Exists",
                effect: "NoSchedule",
              },
              { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoSchedule" },
              { key: "node.kubernetes.io/network-unavailable", operator: "Exists", effect: "NoSchedule" },
            ],
            topologySpreadConstraint: apart(NAME),
            securityContext: asUser(USER),
            container: [
              {
                name: "cloud-controller-manager",
                image: props.images.cloudController,
                imagePullPolicy: "IfNotPresent",
                args: [
                  "--v=2",
                  "--cloud-provider=aws",
                  `--cloud-config=${FOLDER}/cloud.conf`,
                  `--cluster-name=${clusterId}`,
                  "--controllers=cloud-node-controller,cloud-node-lifecycle-controller",
                  "--configure-cloud-routes=false",
                  "--allocate-node-cidrs=false",
                  // With an account for each controller it would need the right to take on any account.
                  "--use-service-account-credentials=false",
                  "--leader-elect=true",
                  `--leader-elect-resource-namespace=${ADD_ON_NAMESPACE}`,
                  "--bind-address=127.0.0.1",
                  `--secure-port=${PORT}`,
                  // Nobody but the kubelet asks, and for health alone, which anybody may.
                  "--authentication-skip-lookup=true",
                  "--profiling=false",
                ],
                env: [...directApiServer(props), { name: "AWS_REGION", value: props.region }],
                port: [
                  {
                    name: "health",
                    containerPort: PORT,
                    hostPort: PORT,
                    hostIp: "127.0.0.1",
                    protocol: "TCP",
                  },
                ],
                securityContext: CONFINED,
                resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "256Mi" } },
                livenessProbe: {
                  httpGet: { path: "/healthz", port: String(PORT), scheme: "HTTPS", host: "127.0.0.1" },
                  initialDelaySeconds: 20,
                  timeoutSeconds: 5,
                },
                volumeMount: [{ name: "configuration", mountPath: FOLDER, readOnly: true }],
              },
            ],
            volume: [{ name: "configuration", configMap: { name: NAME, defaultMode: "0444" } }],
          },
        },
      },
      dependsOn: [account, configMap],
    });
    new PodDisruptionBudgetV1(this, "disruption-budget", {
      metadata: metadataOf(NAME),
      spec: { maxUnavailable: "1", selector: { matchLabels: labelsOf(NAME) } },
    });
  }
}
