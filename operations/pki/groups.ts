import type { Environment } from "../../environment/schema";
import { clusterOf, unknownName } from "../environments/named";
import { OperationFailure } from "../failure";
import { clusterSecrets } from "./cluster-secrets";
import { consulSecrets } from "./consul-secrets";
import type { PkiGroup, PkiSecret } from "./contents";

/**
 * What an environment wants: Consul's secrets, and those of every self-managed cluster that is not removed.
 *
 * @param only names of clusters, to leave the other ones out
 * @throws OperationFailure when one of them has no secrets
 */
export function pkiGroups(environment: Environment, only?: readonly string[]): PkiGroup[] {
  only?.forEach((cluster) => refuseWithoutSecrets(environment, cluster));
  const clusters = Object.entries(environment.clusters).flatMap(([name, spec]) =>
    spec.kind === "self-managed" && spec.role !== "removed" && (only === undefined || only.includes(name))
      ? [clusterSecrets(environment, name, spec)]
      : [],
  );
  return [consulSecrets(environment.environment), ...clusters];
}

/** The secret of a group that people call `part`. @throws OperationFailure when there is none */
export function secretOf(group: PkiGroup, part: string): PkiSecret {
  const parts = group.secrets.map((secret) => secret.part);
  const found = group.secrets.find((secret) => secret.part === part);
  if (found === undefined) {
    throw unknownName(`there is no secret ${JSON.stringify(part)}`, part, parts);
  }
  return found;
}

function refuseWithoutSecrets(environment: Environment, cluster: string): void {
  const spec = clusterOf(environment, cluster);
  if (spec.kind !== "self-managed") {
    throw new OperationFailure(
      "invalid",
      `cluster ${cluster} is of kind ${spec.kind}: AWS holds its authority`,
    );
  }
  if (spec.role === "removed") {
    throw new OperationFailure("invalid", `cluster ${cluster} is removed; it needs no certificates`);
  }
}
