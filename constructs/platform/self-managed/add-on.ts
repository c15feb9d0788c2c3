import type { ITerraformDependable } from "cdktf";
import { ServiceAccountV1 } from "@cdktf/provider-kubernetes/lib/service-account-v1";
import type { Construct } from "constructs";
import { ADD_ON_NAMESPACE, apiHost, kubernetesPorts } from "../../../environment/naming";
import type { AddOnImages } from "./images";

/** The cluster that an add-on is for. */
export interface AddOnProps {
  readonly environment: string;
  /** The cluster's name in its environment, `alpha`. */
  readonly cluster: string;
  /** Domain of the environment, in which the API server has its name. */
  readonly domain: string;
  readonly region: string;
  /** Network of the environment, in which nodes have their addresses. */
  readonly networkCidr: string;
  readonly serviceCidr: string;
  readonly podCidr: string;
  readonly images: AddOnImages;
}

/** `metadata` of an object of an add-on. */
export const metadataOf = (name: string) => ({ name, namespace: ADD_ON_NAMESPACE, labels: labelsOf(name) });

export const labelsOf = (name: string) => ({
  "app.kubernetes.io/name": name,
  "app.kubernetes.io/part-of": "skyline",
});

/** The service account of an add-on. Its rights come from the admin's bootstrap: a deployer could not give them. */
export const serviceAccount = (scope: Construct, name: string): ITerraformDependable =>
  new ServiceAccountV1(scope, "service-account", {
    metadata: metadataOf(name),
    automountServiceAccountToken: false,
  });

/** What a container is held to, unless a comment beside it says why it cannot be. */
export const CONFINED = {
  allowPrivilegeEscalation: false,
  privileged: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

/** {@link CONFINED} with some capabilities. */
export const confinedWith = (...add: string[]) => ({ ...CONFINED, capabilities: { add, drop: ["ALL"] } });

/** A pod whose containers run as this user, which is not root. */
export const asUser = (user: number) => ({
  runAsNonRoot: true,
  runAsUser: String(user),
  runAsGroup: String(user),
  seccompProfile: { type: "RuntimeDefault" },
});

/** A pod whose containers must be root, as files of the node are root's. */
export const AS_ROOT = {
  runAsNonRoot: false,
  runAsUser: "0",
  runAsGroup: "0",
  seccompProfile: { type: "RuntimeDefault" },
};

/** Every node at once, tainted ones too, and those that are not ready yet: these add-ons are what makes them ready. */
export const EVERYWHERE = [{ operator: "Exists" }];

/** The API server by its name outside of the cluster, for what must run before Services work. */
export const directApiServer = ({ cluster, domain }: Pick<AddOnProps, "cluster" | "domain">) => [
  { name: "KUBERNETES_SERVICE_HOST", value: apiHost(cluster, domain) },
  { name: "KUBERNETES_SERVICE_PORT", value: String(kubernetesPorts.balancer) },
];

/** An environment variable with the name of the pod's node. */
export const nodeName = (name: string) => ({
  name,
  valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } },
});

/** A probe by HTTP; on the node's loopback for what listens there alone. */
export const httpProbe = (path: string, port: string | number, more: { host?: string } = {}) => ({
  httpGet: { path, port: String(port), scheme: "HTTP", ...more },
  timeoutSeconds: 5,
});

/** Two replicas on two nodes, in two zones where there is room. */
export const apart = (name: string) =>
  [
    { topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "DoNotSchedule" },
    { topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "ScheduleAnyway" },
  ].map((spread) => ({
    maxSkew: 1,
    ...spread,
    labelSelector: [{ matchLabels: labelsOf(name) }],
    // Counted for each version of the pods, so that old ones do not keep new ones from a node.
    matchLabelKeys: ["pod-template-hash"],
  }));
