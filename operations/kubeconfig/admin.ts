import { stackNames } from "../../environment/naming";
import type { Environment } from "../../environment/schema";
import type { AwsOptions } from "../aws/account";
import { clusterOf } from "../environments/named";
import { OperationFailure } from "../failure";
import { awsStore } from "../pki/aws-store";
import { authoritiesOf } from "../pki/cluster-secrets";
import { issueCertificate } from "../pki/issue";
import type { Registry } from "../registry/registry";

/** A certificate that makes its holder an admin of a self-managed cluster, without IAM: for when that is away. */
export interface AdminCertificate {
  readonly cluster: string;
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  /** ISO 8601. */
  readonly expires: string;
}

/** No static credential lives longer. */
export const MOST_ADMIN_SECONDS = 8 * 60 * 60;

/**
 * Makes sure that a cluster takes certificates, and that a context with one has an endpoint to lead to.
 *
 * @throws OperationFailure invalid, when the file has no such cluster or EKS has it; refused, when the registry has it not
 */
export function checkAdmin(environment: Environment, cluster: string, { clusters }: Registry): void {
  if (clusterOf(environment, cluster).kind !== "self-managed") {
    throw new OperationFailure(
      "invalid",
      `cluster ${cluster} is on EKS, which takes no certificates`,
      "--admin is for self-managed clusters; who is an admin of EKS stands under access.admins",
    );
  }
  if (!clusters.some(({ name }) => name === cluster)) {
    const name = environment.environment;
    const known = clusters.length === 0 ? "no cluster" : clusters.map((entry) => entry.name).join(", ");
    throw new OperationFailure(
      "refused",
      `cluster ${cluster} is not in the registry of ${name}, which has ${known}`,
      `apply the stack ${stackNames.cluster(name, cluster)} first`,
    );
  }
}

/**
 * Issues an admin's certificate from the cluster's authority, whose key only those can read who issue certificates.
 *
 * @param cluster one that {@link checkAdmin} has passed
 * @param by common name, as the audit log of the cluster shows it
 * @throws OperationFailure denied or missing
 */
export async function issueAdmin(
  environment: Environment,
  cluster: string,
  options: AwsOptions & { readonly by: string; readonly seconds: number },
): Promise<AdminCertificate> {
  const { by, seconds, ...aws } = options;
  const store = await awsStore(environment, aws);
  const authorities = authoritiesOf(environment.environment, cluster);
  const secret = await store.read(authorities);
  const files = secret.state === "present" ? secret.files : {};
  const { "ca.crt": certificate, "ca.key": key } = files;
  if (certificate === undefined || key === undefined) {
    throw new OperationFailure(
      "missing",
      `secret ${authorities.name} has no authority in it`,
      `skyline pki status --env ${environment.environment}`,
    );
  }
  const now = new Date();
  const expires = new Date(
    Math.floor(now.getTime() / 1000) * 1000 + Math.min(seconds, MOST_ADMIN_SECONDS) * 1000,
  );
  const issued = await issueCertificate(
    { certificate, key },
    {
      kind: "certificate",
      name: "admin",
      authority: { secret: authorities.name, name: "ca" },
      commonName: `skyline:admin:${by}`,
      organization: "system:masters",
      usages: ["client"],
      hosts: [],
      addresses: [],
    },
    now,
    expires,
  );
  return { cluster, ...issued, expires: expires.toISOString() };
}
