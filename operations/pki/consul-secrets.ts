import { secretNames } from "../../environment/naming";
import type { Content, PkiGroup, PkiSecret } from "./contents";

/**
 * Consul's secrets. Its datacentre is named after the environment. Agents get certificates from the servers
 * (auto_encrypt), so theirs hold none; the servers make the tokens with the ids that stand here.
 */
export function consulSecrets(environment: string): PkiGroup {
  const authority: PkiSecret = {
    name: secretNames.consulAuthority(environment),
    part: "authority",
    reader: "people who issue certificates",
    contents: [{ kind: "authority", name: "ca", commonName: `${environment}-consul-ca` }],
  };
  const certificateOfAuthority = copy("ca.crt", authority.name);
  const servers: PkiSecret = {
    name: secretNames.consulServers(environment),
    part: "servers",
    reader: "Consul servers",
    contents: [
      certificateOfAuthority,
      {
        kind: "certificate",
        name: "server",
        authority: { secret: authority.name, name: "ca" },
        commonName: `server.${environment}.consul`,
        // A server is a client of the other ones.
        usages: ["server", "client"],
        hosts: [`server.${environment}.consul`, "localhost"],
        addresses: ["127.0.0.1"],
      },
      { kind: "gossip-key", file: "gossip.key" },
      ...["management", "server-agent", "gateway", "worker", "mesos", "mesos-services", "operator"].map(
        (token): Content => ({ kind: "token", file: `${token}.token` }),
      ),
    ],
  };
  const agents = (name: string, part: string, reader: string, token: string): PkiSecret => ({
    name,
    part,
    reader,
    contents: [
      certificateOfAuthority,
      copy("gossip.key", servers.name),
      copy("agent.token", servers.name, token),
    ],
  });
  const mesos = agents(secretNames.consulMesos(environment), "mesos", "Mesos nodes", "mesos.token");
  return {
    secrets: [
      authority,
      servers,
      agents(secretNames.consulGateways(environment), "gateways", "gateways", "gateway.token"),
      agents(secretNames.consulWorkers(environment), "workers", "workers of every cluster", "worker.token"),
      // Whoever registers services on a Mesos node does so with a token of its own.
      {
        ...mesos,
        contents: [...mesos.contents, copy("services.token", servers.name, "mesos-services.token")],
      },
      // No gossip key: people ask an agent that is there, and join nothing.
      {
        name: secretNames.consulOperators(environment),
        part: "operators",
        reader: "people who move traffic",
        contents: [copy("operator.token", servers.name)],
      },
    ],
  };
}

const copy = (file: string, secret: string, source = file): Content => ({
  kind: "copy",
  file,
  from: { secret, file: source },
});
