import type { Problem } from "./problem";
import { access } from "./rules/access";
import { etcdInstanceTypes, etcdMembers } from "./rules/etcd";
import { imageArchitectures } from "./rules/images";
import { gateways, mesosServices } from "./rules/mesh";
import { names } from "./rules/names";
import { environmentName, groupNames, reservedClusters } from "./rules/name-collisions";
import { clientNames, endpointDns, networksApart, zones } from "./rules/networks";
import { podsFit } from "./rules/pods";
import { exactlyOneActive } from "./rules/roles";
import { kubernetesVersions, workerGroups } from "./rules/workers";

/**
 * What joins several places of an environment. The rules read the raw value and skip what has the wrong type, so that
 * they speak beside the schema's findings: a person sees every problem at once and not the first.
 */
export function checkRules(root: unknown): Problem[] {
  const rules = [
    names,
    environmentName,
    reservedClusters,
    groupNames,
    exactlyOneActive,
    networksApart,
    clientNames,
    zones,
    endpointDns,
    access,
    kubernetesVersions,
    workerGroups,
    etcdMembers,
    etcdInstanceTypes,
    imageArchitectures,
    podsFit,
    gateways,
    mesosServices,
  ];
  return rules.flatMap((rule) => rule(root));
}
