import { Fn } from "cdktf";
import type { RegistryEntry } from "../../environment/naming";
import type { Cluster } from "./cluster";

/** The registry's entry of a cluster as JSON, for its SSM parameter. */
export function registryEntry(cluster: Cluster, more: Pick<RegistryEntry, "version" | "deployer">): string {
  const entry: RegistryEntry = {
    name: cluster.clusterName,
    kind: cluster.kind,
    endpoint: cluster.endpoint,
    ca: cluster.certificateAuthority,
    ...more,
  };
  return Fn.jsonencode(entry);
}
