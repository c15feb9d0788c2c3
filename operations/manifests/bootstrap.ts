import { DEPLOYER_GROUP } from "../../environment/naming";
import { OperationFailure } from "../failure";
import type { Manifest } from "./manifests";
import { clusterBinding, clusterRole, group, type Rule } from "./rbac";
import { resourceShapes } from "./resource-shapes";

/** Name of the role of the deployer, and of its bindings. */
export const DEPLOYER_ROLE = "skyline-deployer";

/** Objects outside of namespaces that the deployer can be trusted with. */
const GRANTABLE = ["Namespace", "PriorityClass", "StorageClass", "CSIDriver"];

/**
 * The rights that an admin gives the deployers once in each cluster: those outside of namespaces that the platform
 * stack needs, and no more. Inside of its namespaces the deployer is admin by other means (on EKS, an access policy).
 *
 * An object is made by its kind, since a request to make it does not name it to the authorizer in Terraform's way, and
 * is read and changed by its name. Neither Terraform nor a server-side apply lists or watches.
 *
 * @param manifests what the platform stack puts into the cluster
 * @throws OperationFailure when there is nothing to deploy, or something outside of namespaces that no deployer may write
 */
export function bootstrapManifests(manifests: readonly Manifest[]): Manifest[] {
  const outside = manifests.filter(({ metadata }) => metadata.namespace === undefined);
  const refused = outside.filter(({ kind }) => !GRANTABLE.includes(kind));
  if (refused.length > 0) {
    const named = refused.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(", ");
    throw new OperationFailure(
      "invalid",
      `the platform stack holds ${named}, which a deployer without all rights cannot apply`,
    );
  }
  const rules = rulesFor(outside);
  if (rules.length === 0) {
    throw new OperationFailure(
      "refused",
      "the platform stack puts nothing into this cluster to have rights on",
    );
  }
  return [
    clusterRole(DEPLOYER_ROLE, rules),
    clusterBinding(DEPLOYER_ROLE, DEPLOYER_ROLE, [group(DEPLOYER_GROUP)]),
  ];
}

/** Rights to write these objects and no others. */
export function rulesFor(manifests: readonly Manifest[]): Rule[] {
  return Object.values(resourceShapes).flatMap(({ kind, apiVersion, resource }) => {
    const names = manifests.filter((manifest) => manifest.kind === kind).map(({ metadata }) => metadata.name);
    if (names.length === 0) {
      return [];
    }
    const on = { apiGroups: [groupOf(apiVersion)], resources: [resource] };
    return [
      { ...on, verbs: ["create"] },
      { ...on, resourceNames: names, verbs: ["get", "patch", "update", "delete"] },
    ];
  });
}

/** `scheduling.k8s.io/v1` is of group scheduling.k8s.io, `v1` of the group without a name. */
const groupOf = (apiVersion: string) => (apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "");
