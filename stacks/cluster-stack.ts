import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { Fn, Token } from "cdktf";
import type { Construct } from "constructs";
import { ForwardRules } from "../constructs/network/endpoint-dns/forward-rules";
import { registry, stackNames, tagKeys } from "../environment/naming";
import type { Environment } from "../environment/schema";
import { eksCluster } from "./eks-cluster";
import { EnvironmentStack } from "./environment-stack";
import { endpointDnsFrom, networkFrom } from "./network-stack";
import { selfManagedCluster } from "./self-managed-cluster";

/**
 * `<env>-cluster-<name>`: one cluster, its workers, and its entry in the registry.
 *
 * A cluster that is `removed` leaves an empty stack behind, so that an apply destroys what it held: CDKTF destroys
 * nothing of a stack that is missing from the app.
 *
 * @throws Error when the environment has no such cluster
 */
export class ClusterStack extends EnvironmentStack {
  constructor(scope: Construct, environment: Environment, name: string) {
    super(scope, stackNames.cluster(environment.environment, name), environment);
    const spec = clusterOf(environment, name);
    this.useAws({ [tagKeys.cluster]: name });
    if (spec.role === "removed") {
      return;
    }
    const outputs = this.outputsOf(stackNames.network(environment.environment));
    const network = networkFrom(outputs, environment.network.cidr);
    const cluster =
      spec.kind === "eks"
        ? eksCluster(this, environment, name, spec, network)
        : selfManagedCluster(this, environment, name, spec, network);

    new SsmParameter(this, "registry-entry", {
      name: registry.cluster(environment.environment, name),
      description: `Cluster ${name}: where it is and who deploys to it`,
      type: "String",
      value: cluster.registryEntry(),
    });
    const dns = endpointDnsFrom(outputs, environment.network);
    if (dns !== undefined) {
      new ForwardRules(this, "endpoint-dns", {
        name: cluster.resourceName,
        domain: hostOf(cluster.endpoint),
        dns,
      });
    }
    this.publish("cluster_name", cluster.resourceName, "Name of the cluster in AWS");
    this.publish("endpoint", cluster.endpoint, "URL of the API server");
    this.publish(
      "certificate_authority",
      cluster.certificateAuthority,
      "Authority of the API server, base64 of its PEM",
    );
    // The state says by them how far a cluster's life has come: a review of the next plan goes by that.
    this.publish("cluster_role", spec.role, "Role of the cluster when this was applied");
    this.publish("cluster_kind", spec.kind, "self-managed or eks");
    this.publish("kubernetes_version", spec.kubernetes, "Version of Kubernetes that the file asks for");
    this.publish("worker_security_group_id", cluster.workerSecurityGroupId, "Security group of all workers");
  }
}

/** The host of a URL that may be known only at apply. */
const hostOf = (url: string) =>
  Token.isUnresolved(url) ? Fn.replace(url, "/^https:..|[:/].*$/", "") : new URL(url).hostname;

/** @throws Error when the environment has no cluster of that name */
export function clusterOf(environment: Environment, name: string) {
  const spec = environment.clusters[name];
  if (spec === undefined) {
    const known = Object.keys(environment.clusters).join(", ");
    throw new Error(`environment ${environment.environment} has no cluster ${name}; it has ${known}`);
  }
  return spec;
}
