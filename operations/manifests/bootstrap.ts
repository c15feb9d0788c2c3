import { DEPLOYER_GROUP } from "../../environment/naming";
import { OperationFailure } from "../failure";
import type { Manifest } from "./manifests";
import { resourceShapes } from "./resource-shapes";

const NAME = "skyline-deployer";
const API_GROUP = "rbac.authorization.k8s.io";
const labels = { "app.kubernetes.io/managed-by": "skyline" };

/** Objects outside of namespaces that the deployer can be trusted with. */
const GRANTABLE = ["Namespace", "PriorityClass"];

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
  const shapes = Object.values(resourceShapes).filter(({ namespaced }) => !namespaced);
  const rules = shapes.flatMap(({ kind, apiVersion, resource }) => {
    const names = manifests.filter((manifest) => manifest.kind === kind).map(({ metadata }) => metadata.name);
    if (names.length === 0) {
      return [];
    }
    if (!GRANTABLE.includes(kind)) {
      throw new OperationFailure(
        "invalid",
        `the platform stack holds ${kind} ${names.join(", ")}, which a deployer without all rights cannot apply`,
      );
    }
    const on = { apiGroups: [groupOf(apiVersion)], resources: [resource] };
    return [
      { ...on, verbs: ["create"] },
      { ...on, resourceNames: names, verbs: ["get", "patch", "update", "delete"] },
    ];
  });
  if (rules.length === 0) {
    throw new OperationFailure(
      "refused",
      "the platform stack puts nothing into this cluster to have rights on",
    );
  }
  return [
    {
      apiVersion: `${API_GROUP}/v1`,
      kind: "ClusterRole",
      metadata: { name: NAME, labels },
      rules,
    },
    {
      apiVersion: `${API_GROUP}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: NAME, labels },
      roleRef: { apiGroup: API_GROUP, kind: "ClusterRole", name: NAME },
      subjects: [{ apiGroup: API_GROUP, kind: "Group", name: DEPLOYER_GROUP }],
    },
  ];
}

/** `scheduling.k8s.io/v1` is of group scheduling.k8s.io, `v1` of the group without a name. */
const groupOf = (apiVersion: string) => (apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "");
