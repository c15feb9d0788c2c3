import { KubernetesProvider } from "@cdktf/provider-kubernetes/lib/provider";
import { Fn, type ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { skylineNamespaces, stackNames } from "../environment/naming";
import type { Environment, SelfManagedClusterSpec } from "../environment/schema";
import { MesosService } from "../constructs/mesh/mesos-service";
import { SkylineBridge } from "../constructs/mesh/skyline-bridge";
import { Namespaces } from "../constructs/platform/namespaces";
import { PriorityClasses } from "../constructs/platform/priority-classes";
import { SelfManagedAddOns } from "../constructs/platform/self-managed/add-ons";
import { EnvironmentStack } from "./environment-stack";
import { clusterOf } from "./cluster-stack";

/**
 * `<env>-platform-<name>`: what Skyline runs inside a cluster. A stack of its own, so that the Kubernetes provider
 * never meets a cluster that the same apply is about to make.
 *
 * @throws Error when the environment has no such cluster
 */
export class PlatformStack extends EnvironmentStack {
  constructor(scope: Construct, environment: Environment, name: string) {
    super(scope, stackNames.platform(environment.environment, name), environment);
    const spec = clusterOf(environment, name);
    const outputs = this.outputsOf(stackNames.cluster(environment.environment, name));
    new KubernetesProvider(this, "kubernetes", {
      host: outputs.getString("endpoint"),
      clusterCaCertificate: Fn.base64decode(outputs.getString("certificate_authority")),
      // A token at each call, and not one of 15 minutes from the start of the plan.
      exec: [
        {
          apiVersion: "client.authentication.k8s.io/v1beta1",
          command: "aws",
          args: [
            "eks",
            "get-token",
            "--cluster-name",
            outputs.getString("cluster_name"),
            "--region",
            environment.region,
          ],
        },
      ],
    });
    if (spec.role === "removed") {
      return;
    }

    const { service, mesosServices } = environment.mesh;
    // Those of a self-managed cluster are the admin's: their labels say what a pod in them may do to its node.
    const names = spec.kind === "eks" ? skylineNamespaces(service.namespace) : [];
    const namespaces = new Namespaces(this, "namespaces", { names });
    const addOns = spec.kind === "self-managed" ? this.addOns(name, spec) : [];
    const priorities = new PriorityClasses(this, "priority-classes");
    const bridge = new SkylineBridge(this, "bridge", {
      domain: environment.domain,
      service,
      serviceCidr: spec.serviceCidr,
      priorityClassName: "skyline-mesh",
      after: [priorities.get("skyline-mesh"), ...namespaces.all, ...addOns],
    });
    const standIns = new Construct(this, "mesos-services");
    for (const mesosService of mesosServices) {
      new MesosService(standIns, mesosService, { name: mesosService, port: service.port, bridge });
    }
  }

  /** @returns what must work before pods start */
  private addOns(cluster: string, spec: SelfManagedClusterSpec): readonly ITerraformDependable[] {
    const { environment, domain, region, network } = this.environment;
    const addOns = new SelfManagedAddOns(this, "add-ons", {
      environment,
      cluster,
      domain,
      region,
      networkCidr: network.cidr,
      serviceCidr: spec.serviceCidr,
      podCidr: spec.podCidr,
      kubernetes: spec.kubernetes,
    });
    return addOns.network;
  }
}
