import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Card, Instance } from "./boot-types";

const TOKEN_TTL = "x-aws-ec2-metadata-token-ttl-seconds";
const TOKEN = "x-aws-ec2-metadata-token";
const HOUR = 3_600_000;

/** The metadata service of instances, version 2 alone. It knows who asks by the address that a request comes from. */
export function startMetadata(
  instances: () => readonly Instance[],
  cardsOf: (instance: Instance) => readonly Pick<Card, "mac" | "cidr">[],
): Promise<void> {
  const tokens = new Set<string>();
  const server = createServer((request, response) => {
    const [status, body] = answer(request, response);
    response.writeHead(status, { "content-type": "text/plain" });
    response.end(body);
  });

  function answer(request: IncomingMessage, response: ServerResponse): [number, string] {
    const path = request.url ?? "/";
    if (request.method === "PUT" && path === "/latest/api/token") {
      const ttl = request.headers[TOKEN_TTL];
      if (ttl === undefined) return [400, "Bad Request"];
      const token = randomBytes(32).toString("base64");
      tokens.add(token);
      response.setHeader(TOKEN_TTL, ttl);
      return [200, token];
    }
    if (!tokens.has(String(request.headers[TOKEN]))) return [401, "Unauthorized"];
    const from = request.socket.remoteAddress;
    const instance = instances().find(({ address }) => address === from);
    const value = instance && read(instance, cardsOf(instance), path.replace(/\/$/, ""));
    return value === undefined ? [404, "Not Found"] : [200, value];
  }

  return new Promise((resolve) => server.listen(80, "169.254.169.254", resolve));
}

function read(
  instance: Instance,
  cards: readonly Pick<Card, "mac" | "cidr">[],
  path: string,
): string | undefined {
  const { id, address, zone, region, account, hostname, mac, role, credentials } = instance;
  const data = "/latest/meta-data";
  const values: Record<string, string> = {
    "/latest/user-data": instance.userData,
    "/latest/dynamic/instance-identity/document": JSON.stringify({
      accountId: account,
      availabilityZone: zone,
      instanceId: id,
      privateIp: address,
      region,
    }),
    [`${data}/instance-id`]: id,
    [`${data}/local-ipv4`]: address,
    [`${data}/local-hostname`]: hostname,
    [`${data}/hostname`]: hostname,
    [`${data}/mac`]: mac,
    [`${data}/placement/availability-zone`]: zone,
    [`${data}/placement/region`]: region,
    [`${data}/services/domain`]: "amazonaws.com",
    [`${data}/autoscaling/target-lifecycle-state`]: instance.lifecycle,
    [`${data}/iam/security-credentials`]: role,
    [`${data}/iam/security-credentials/${role}`]: JSON.stringify({
      Code: "Success",
      Type: "AWS-HMAC",
      LastUpdated: new Date().toISOString(),
      AccessKeyId: credentials.key,
      SecretAccessKey: credentials.secret,
      Token: credentials.token,
      Expiration: new Date(Date.now() + 6 * HOUR).toISOString(),
    }),
  };
  const card = cards.find(({ mac }) => path.startsWith(`${data}/network/interfaces/macs/${mac}/`));
  if (card !== undefined && path.endsWith("/subnet-ipv4-cidr-block")) return card.cidr;
  return values[path];
}
