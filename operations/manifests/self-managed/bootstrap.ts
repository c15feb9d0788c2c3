import { ADD_ON_NAMESPACE, DEPLOYER_GROUP } from "../../../environment/naming";
import { bootstrapManifests, DEPLOYER_ROLE, rulesFor } from "../bootstrap";
import type { Manifest } from "../manifests";
import { binding, group, role } from "../rbac";
import { addOnRights } from "./add-on-rights";
import { namespaces } from "./namespaces";
import { nodeRights } from "./node-rights";

/**
 * What an admin applies once to a self-managed cluster, where no EKS gives rights: the namespaces, the rights of the
 * deployer, of nodes, and of the add-ons. The deployer then applies what runs, and cannot change any of this.
 *
 * @param manifests what the platform stack puts into the cluster
 * @param administered namespaces that the deployer administers
 * @throws OperationFailure as {@link bootstrapManifests}
 */
export function selfManagedBootstrap(
  manifests: readonly Manifest[],
  administered: readonly string[],
): Manifest[] {
  const deployers = [group(DEPLOYER_GROUP)];
  const addOns = manifests.filter(({ metadata }) => metadata.namespace === ADD_ON_NAMESPACE);
  return [
    ...namespaces(administered),
    ...bootstrapManifests(manifests),
    // As EKS' AmazonEKSAdminPolicy at the scope of a namespace.
    ...administered.map((namespace) =>
      binding(namespace, DEPLOYER_ROLE, { kind: "ClusterRole", name: "admin" }, deployers),
    ),
    role(ADD_ON_NAMESPACE, DEPLOYER_ROLE, rulesFor(addOns)),
    binding(ADD_ON_NAMESPACE, DEPLOYER_ROLE, { kind: "Role", name: DEPLOYER_ROLE }, deployers),
    ...nodeRights(),
    ...addOnRights(),
  ];
}
