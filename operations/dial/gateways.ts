import { GATEWAY_SERVICE, ports } from "../../environment/naming";
import type { Consul } from "../consul/client";
import { OperationFailure } from "../failure";
import { http } from "../mesh/http";
import type { Weights } from "./weights";

/** A gateway as Consul knows it. */
export interface Gateway {
  /** Name of its node. */
  readonly name: string;
  readonly address: string;
  /** Whether all its checks pass. */
  readonly healthy: boolean;
}

/** What NGINX of a gateway says of the dial that it serves. */
export interface ServedDial {
  readonly generation: number;
  readonly weights: Weights;
}

/** For an answer of a gateway. */
const TIMEOUT_MS = 3000;

/** All gateways that are registered, healthy or not, by name. */
export async function findGateways(consul: Consul): Promise<readonly Gateway[]> {
  const entries = (await consul.get<readonly HealthEntry[]>(`/v1/health/service/${GATEWAY_SERVICE}`)) ?? [];
  return entries
    .map(({ Node, Service, Checks }) => ({
      // An agent has one gateway, whose id is the service's name; where several share an agent, ids are their own.
      name: Service.ID === GATEWAY_SERVICE ? Node.Node : Service.ID,
      address: Service.Address === "" ? Node.Address : Service.Address,
      healthy: Checks.every(({ Status }) => Status === "passing"),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** As {@link findGateways}; while Consul has no leader, the gateways that were there answer for themselves. */
export async function findOrKeep(consul: Consul, known: readonly Gateway[]): Promise<readonly Gateway[]> {
  try {
    return await findGateways(consul);
  } catch (error) {
    if (known.length > 0 && error instanceof OperationFailure && error.kind === "unreachable") return known;
    throw error;
  }
}

/** @throws Error when the gateway does not answer, or answers something else */
export async function servedDial(gateway: Gateway): Promise<ServedDial> {
  const said: unknown = JSON.parse(await ask(gateway, "/_skyline/dial"));
  const { generation, weights } = (said ?? {}) as Partial<ServedDial>;
  if (typeof generation !== "number" || typeof weights !== "object" || weights === null) {
    throw new Error(`/_skyline/dial says no generation and weights: ${JSON.stringify(said).slice(0, 200)}`);
  }
  return { generation, weights };
}

/** Prometheus' text. @throws Error when the gateway does not answer */
export const metricsOf = (gateway: Gateway): Promise<string> => ask(gateway, "/metrics");

async function ask({ address }: Gateway, path: string): Promise<string> {
  const host = address.includes(":") ? `[${address}]` : address;
  const { status, body } = await http(`http://${host}:${ports.health}${path}`, { timeoutMs: TIMEOUT_MS });
  // On one line, for it ends in the audit log.
  const said = body
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim()
    .slice(0, 200);
  if (status !== 200) throw new Error(`${path} answers ${status}: ${said}`);
  return body;
}

interface HealthEntry {
  readonly Node: { readonly Node: string; readonly Address: string };
  readonly Service: { readonly ID: string; readonly Address: string };
  readonly Checks: readonly { readonly Status: string }[];
}
