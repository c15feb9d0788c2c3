import { clusterResourceName, type RegistryEntry } from "../../environment/naming";
import { activeEntry, type Registry } from "../registry/registry";
import type { AdminCertificate } from "./admin";
import { execStanza, type Credentials } from "./credentials";
import type { WantedEntry } from "./merge";

/** Whose registry, and with what credentials its contexts ask for tokens. */
export interface EnvironmentAccess {
  readonly registry: Registry;
  readonly region: string;
  readonly credentials: Credentials;
  readonly admin?: AdminCertificate;
}

/** Name of the context of an admin's certificate. */
export const adminContext = (environment: string, cluster: string) =>
  clusterResourceName(environment, cluster, "admin");

/**
 * What a kubeconfig has of an environment: for each cluster a context `<env>-<cluster>` with a cluster and a user of that
 * name, and the context `<env>`, which stands for the active one.
 *
 * @throws OperationFailure refused, when no cluster is active
 */
export function entriesOf({ registry, region, credentials, admin }: EnvironmentAccess): WantedEntry[] {
  const { environment, clusters } = registry;
  const active = clusterResourceName(environment, activeEntry(registry).name);
  return [
    {
      section: "contexts",
      name: environment,
      value: { cluster: active, user: active },
      marker: { environment },
    },
    ...clusters.flatMap((entry) => ofCluster(environment, region, entry, credentials)),
    ...(admin === undefined ? [] : ofAdmin(environment, admin)),
  ];
}

function ofCluster(
  environment: string,
  region: string,
  { name: cluster, endpoint, ca }: RegistryEntry,
  credentials: Credentials,
): WantedEntry[] {
  const name = clusterResourceName(environment, cluster);
  const marker = { environment, cluster };
  return [
    {
      section: "clusters",
      name,
      value: { server: endpoint, "certificate-authority-data": ca },
      marker,
    },
    { section: "contexts", name, value: { cluster: name, user: name }, marker },
    {
      section: "users",
      name,
      value: { exec: execStanza(environment, region, cluster, credentials) },
      marker,
    },
  ];
}

function ofAdmin(
  environment: string,
  { cluster, certificate, key, expires }: AdminCertificate,
): WantedEntry[] {
  const name = adminContext(environment, cluster);
  const marker = { environment, cluster, expires };
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return [
    {
      section: "contexts",
      name,
      value: { cluster: clusterResourceName(environment, cluster), user: name },
      marker,
    },
    {
      section: "users",
      name,
      value: { "client-certificate-data": base64(certificate), "client-key-data": base64(key) },
      marker,
    },
  ];
}
