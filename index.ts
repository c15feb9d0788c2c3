/**
 * Skyline: several Kubernetes clusters an environment behind one service mesh.
 *
 * An environment is a YAML file or an object made by `defineEnvironment`; `NetworkStack`, `ClusterStack` and
 * `PlatformStack` make stacks of it; the constructs below them can be used, and replaced, one by one.
 */

export { defineEnvironment } from "./environment/define";
export { InvalidEnvironmentError } from "./environment/invalid";
export { loadEnvironment } from "./environment/load";
export type { Environment, EnvironmentInput } from "./environment/schema";
export type { RegistryEntry } from "./environment/naming";

export type { Network } from "./constructs/network/network";
export { Vpc, type VpcProps } from "./constructs/network/vpc";

export type { Cluster, GatewayTargets } from "./constructs/cluster/cluster";
export { NodeImage } from "./constructs/instances/node-image";
export { Scaling } from "./constructs/cluster/scaling";
export type { AddOnVersions } from "./constructs/cluster/eks/add-ons";
export { EksCluster, type EksClusterProps } from "./constructs/cluster/eks/eks-cluster";
export { EndpointAccess } from "./constructs/cluster/eks/endpoint-access";
export { NodeGroup, type NodeGroupOptions } from "./constructs/cluster/eks/node-group";
export {
  SelfManagedCluster,
  type SelfManagedClusterProps,
} from "./constructs/cluster/self-managed/self-managed-cluster";
export type { EtcdOptions } from "./constructs/cluster/self-managed/etcd";
export type { ControllerOptions } from "./constructs/cluster/self-managed/controllers";
export { WorkerGroup, type WorkerGroupOptions } from "./constructs/cluster/self-managed/worker-group";

export {
  ConsulServers,
  type ConsulServersOptions,
  type ConsulServersProps,
} from "./constructs/mesh/consul-servers";
export type { MeshPlace } from "./constructs/mesh/mesh-place";
export { MesosService, type MesosServiceProps } from "./constructs/mesh/mesos-service";
export { SdbGateways, type SdbGatewaysOptions, type SdbGatewaysProps } from "./constructs/mesh/sdb-gateways";
export { SkylineBridge, type SkylineBridgeProps } from "./constructs/mesh/skyline-bridge";
export { Namespaces, type NamespacesProps } from "./constructs/platform/namespaces";
export {
  PRIORITY_CLASSES,
  PriorityClasses,
  type PriorityClassName,
} from "./constructs/platform/priority-classes";
export { SelfManagedAddOns, type SelfManagedAddOnsProps } from "./constructs/platform/self-managed/add-ons";
export type { AddOnImages } from "./constructs/platform/self-managed/images";

export { exempt, type ExemptOptions } from "./constructs/policy/exempt";
export type { CheckName } from "./environment/policy/checks";
export { PolicyError } from "./environment/policy/exemptions";

export { BaseStack } from "./stacks/base-stack";
export { ClusterStack } from "./stacks/cluster-stack";
export { addEnvironment } from "./stacks/environment-stacks";
export { MeshStack } from "./stacks/mesh-stack";
export { networkFrom, NetworkStack } from "./stacks/network-stack";
export { PlatformStack } from "./stacks/platform-stack";
