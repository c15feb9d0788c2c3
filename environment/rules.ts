import type { Problem } from "./problem";
import { access } from "./rules/access";
import { etcdMembers } from "./rules/etcd";
import { imageArchitectures } from "./rules/images";
import { gateways, mesosServices } from "./rules/mesh";
import { names } from "./rules/names";
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
    exactlyOneActive,
    networksApart,
    clientNames,
    zones,
    endpointDns,
    access,
    kubernetesVersions,
    workerGroups,
    etcdMembers,
    imageArchitectures,
    podsFit,
    gateways,
    mesosServices,
  ];
  return rules.flatMap((rule) => rule(root));
}
