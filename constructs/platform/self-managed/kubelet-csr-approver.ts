import { DeploymentV1 } from "@cdktf/provider-kubernetes/lib/deployment-v1";
import { PodDisruptionBudgetV1 } from "@cdktf/provider-kubernetes/lib/pod-disruption-budget-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { addOnAccounts } from "../../../environment/naming";
import { apart, asUser, CONFINED, httpProbe, labelsOf, metadataOf, serviceAccount } from "./add-on";
import type { AddOnProps } from "./add-on";

export interface KubeletCsrApproverProps extends Pick<AddOnProps, "region" | "networkCidr" | "images"> {
  /** What must work before pods outside of the node's own network start. */
  readonly after: readonly ITerraformDependable[];
}

const NAME = addOnAccounts.csrApprover;
/** `nonroot` of the image. */
const USER = 65532;
const HEALTH_PORT = 8081;
const YEAR = 365 * 24 * 60 * 60;

/**
 * Signs off the serving certificates that kubelets ask for: the name must be a node's own as EC2 names it, it must
 * resolve to the addresses asked for, and these must be in the environment's network. What is not so is denied.
 */
export class KubeletCsrApprover extends Construct {
  constructor(scope: Construct, id: string, props: KubeletCsrApproverProps) {
    super(scope, id);
    const account = serviceAccount(this, NAME);
    new DeploymentV1(this, "deployment", {
      metadata: metadataOf(NAME),
      waitForRollout: true,
      spec: {
        replicas: "2",
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "1", maxUnavailable: "0" } },
        selector: { matchLabels: labelsOf(NAME) },
        template: {
          metadata: { labels: labelsOf(NAME) },
          spec: {
            serviceAccountName: NAME,
            automountServiceAccountToken: true,
            enableServiceLinks: false,
            priorityClassName: "system-cluster-critical",
            // The VPC's resolver, which knows the names of instances, without the cluster's DNS between.
            dnsPolicy: "Default",
            nodeSelector: { "kubernetes.io/os": "linux" },
            topologySpreadConstraint: apart(NAME),
            securityContext: asUser(USER),
            container: [
              {
                name: "approver",
                image: props.images.csrApprover,
                imagePullPolicy: "IfNotPresent",
                args: [
                  "-leader-election",
                  "-metrics-bind-address=0",
                  `-health-probe-bind-address=:${HEALTH_PORT}`,
                  `-provider-regex=${nodeNamePattern(props.region)}`,
                  `-provider-ip-prefixes=${props.networkCidr}`,
                  `-max-expiration-sec=${YEAR}`,
                  "-allowed-dns-names=1",
                  "-bypass-dns-resolution=false",
                  "-bypass-hostname-check=false",
                ],
                securityContext: CONFINED,
                resources: { requests: { cpu: "20m", memory: "64Mi" }, limits: { memory: "128Mi" } },
                livenessProbe: httpProbe("/healthz", HEALTH_PORT),
                readinessProbe: { ...httpProbe("/healthz", HEALTH_PORT), periodSeconds: 5 },
              },
            ],
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

/** Private names of instances, as EC2 makes them of addresses: `ip-10-10-1-2.ec2.internal`. */
export function nodeNamePattern(region: string): string {
  const domain = region === "us-east-1" ? "ec2.internal" : `${region}.compute.internal`;
  return `^ip(-\\d{1,3}){4}\\.${domain.replaceAll(".", "\\.")}$`;
}
