import { secretNames } from "../../environment/naming";
import type { Environment } from "../../environment/schema";
import type { AwsOptions } from "../aws/account";
import { OperationFailure } from "../failure";
import { awsStore } from "../pki/aws-store";
import { issueCertificate } from "../pki/issue";

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
 * Issues an admin's certificate from the cluster's authority, whose key only those can read who issue certificates.
 *
 * @param by common name, as the audit log of the cluster shows it
 * @throws OperationFailure invalid for an EKS cluster, which takes no certificates; denied or missing otherwise
 */
export async function issueAdmin(
  environment: Environment,
  cluster: string,
  options: AwsOptions & { readonly by: string; readonly seconds: number },
): Promise<AdminCertificate> {
  const spec = Object.hasOwn(environment.clusters, cluster) ? environment.clusters[cluster] : undefined;
  if (spec?.kind !== "self-managed") {
    throw new OperationFailure(
      "invalid",
      spec === undefined
        ? `environment ${environment.environment} has no cluster ${JSON.stringify(cluster)}`
        : `cluster ${cluster} is on EKS, which takes no certificates`,
      "--admin is for self-managed clusters; who is an admin of EKS stands under access.admins",
    );
  }
  const { by, seconds, ...aws } = options;
  const store = await awsStore(environment, aws);
  const name = secretNames.authorities(environment.environment, cluster);
  const secret = await store.read({
    name,
    part: "authorities",
    reader: "people who issue certificates",
    contents: [],
  });
  const files = secret.state === "present" ? secret.files : {};
  const { "ca.crt": certificate, "ca.key": key } = files;
  if (certificate === undefined || key === undefined) {
    throw new OperationFailure(
      "missing",
      `secret ${name} has no authority in it`,
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
      authority: { secret: name, name: "ca" },
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
