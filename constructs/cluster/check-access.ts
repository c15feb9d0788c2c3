import { SHORT_LABEL } from "../../environment/naming";

export interface ClusterAccess {
  readonly clusterName: string;
  readonly admins: readonly string[];
  readonly deployer: string;
}

/** @throws Error when the name is no cluster's, nobody is let in, or the deployer is an admin */
export function checkAccess({ clusterName, admins, deployer }: ClusterAccess): void {
  if (!SHORT_LABEL.test(clusterName)) {
    throw new Error(
      `${JSON.stringify(clusterName)} is no cluster name; write a DNS label of at most 20 characters like alpha`,
    );
  }
  if (!Array.isArray(admins) || admins.length === 0) {
    throw new Error(`cluster ${clusterName} has no admin; name at least one, nobody else is let in`);
  }
  if (!deployer) {
    throw new Error(`cluster ${clusterName} has no deployer; name the role that applies its platform stack`);
  }
  if (admins.includes(deployer)) {
    throw new Error(`${deployer} is both admin and deployer of ${clusterName}; the deployer is no admin`);
  }
}
