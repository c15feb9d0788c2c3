import { apiHost, clusterResourceName } from "../../../environment/naming";
import type { Environment, SelfManagedClusterSpec } from "../../../environment/schema";
import type { AwsAccess } from "./access";
import { unmet, type Expectation } from "./expectation";
import type { GroupFacts } from "./groups";
import { readRegistry } from "./registry";

/** A self-managed cluster as AWS tells of it. */
export interface SelfManagedFacts {
  readonly kind: "self-managed";
  /** Name in the environment. */
  readonly cluster: string;
  /** Name in AWS. */
  readonly name: string;
  readonly version: string;
  readonly endpoint: string;
  /** Availability zones of the etcd members, in the order of the members. */
  readonly etcdZones: readonly string[];
  readonly controllers: number;
  /** Number of workers by group. */
  readonly workers: Readonly<Record<string, number>>;
}

/**
 * Reads a cluster's groups and its entry in the registry back and holds them against the environment.
 * @returns what AWS tells, and every way in which it is not what the environment asks for
 */
export async function readSelfManaged(
  access: AwsAccess,
  environment: Environment,
  groups: ReadonlyMap<string, GroupFacts>,
  name: string,
  spec: SelfManagedClusterSpec,
): Promise<{ facts: SelfManagedFacts; wrong: string[] }> {
  const group = (part: string) => groups.get(clusterResourceName(environment.environment, name, part));
  const members = Array.from({ length: spec.etcd.members }, (_, index) => group(`etcd-${index}`));
  const { entry, expectations } = await readRegistry(access, environment, name, spec);
  const facts: SelfManagedFacts = {
    kind: "self-managed",
    cluster: name,
    name: clusterResourceName(environment.environment, name),
    version: entry.version,
    endpoint: entry.endpoint,
    etcdZones: members.flatMap((member) => member?.zones ?? []),
    controllers: group("controllers")?.instances ?? 0,
    workers: Object.fromEntries(
      Object.keys(spec.workers).map((workers) => [workers, group(workers)?.instances ?? 0]),
    ),
  };
  const wanted: Expectation[] = [
    ...expectations,
    ["registry: endpoint", entry.endpoint, `https://${apiHost(name, environment.domain)}`],
    ["registry: authority", Buffer.from(entry.ca, "base64").toString().startsWith("-----BEGIN CERT"), true],
    ["zones of etcd", new Set(facts.etcdZones).size, spec.etcd.members],
    ["etcd members", members.map((member) => member?.instances).join(), members.map(() => 1).join()],
    ["controllers", facts.controllers, spec.controllers.count],
    ...Object.entries(spec.workers).map(([workers, { scaling }]): Expectation => [
      `workers ${workers}`,
      facts.workers[workers],
      "fixed" in scaling ? scaling.fixed : (scaling.initial ?? Math.max(scaling.min, 1)),
    ]),
  ];
  return { facts, wrong: unmet(wanted) };
}
