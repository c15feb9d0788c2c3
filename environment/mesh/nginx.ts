import { DENIED_SERVICE_NAMES, gatewayHost, ports } from "../naming";
import { dataPlaneFile } from "./data-plane-file";
import { meshPaths } from "./node-settings";
import { fillPlaces, withoutComments } from "./places";

/** Where an NGINX of the mesh writes, and what it may use of its machine. */
export interface NginxPlaces {
  /** Folder of the pid file and of `metrics.prom`. */
  readonly run: string;
  /** Folder of logs. */
  readonly log: string;
  /** Folder of bodies that are on their way. */
  readonly cache: string;
  /** NGINX worker processes: a number, or `auto` for one a processor. */
  readonly workers: string;
  /** Connections of each NGINX worker, to clients and upstreams together. */
  readonly connections: number;
}

/** On a node that `images/` makes. */
export const INSTALLED: NginxPlaces = {
  run: meshPaths.run,
  log: meshPaths.log,
  cache: `${meshPaths.state}/cache`,
  workers: "auto",
  connections: 16384,
};

/** Addresses that a Mesos node's NGINX listens at: the local proxy's, that of what others call, and that of health. */
export interface MesosListen {
  readonly local: string;
  readonly node: string;
  readonly health: string;
}

/** A Mesos node's NGINX. */
export interface MesosNginx extends Partial<NginxPlaces> {
  /** Domain of the environment, in which the gateways have their name. */
  readonly domain: string;
  /**
   * Who resolves the gateways' name: an address, or address and port.
   * @default "169.254.169.253", the resolver of every VPC
   */
  readonly resolver?: string;
  /** @default - the local proxy on loopback, the rest on all addresses */
  readonly listen?: MesosListen;
}

/** A gateway's NGINX. */
export interface GatewayNginx extends Partial<NginxPlaces> {
  /** @default - all addresses */
  readonly listen?: { readonly node: string; readonly health: string };
  /**
   * While this file is there, the gateway tells its balancer that it is not ready.
   * @default "/run/skyline/draining"
   */
  readonly draining?: string;
}

/** While this file is there, a gateway tells its balancer that it is not ready. */
export const DRAINING = "/run/skyline/draining";

/** The configuration of a Mesos node. @throws Error when the template has a place that nothing fills */
export function renderMesosNginx(
  options: MesosNginx,
  template: string = dataPlaneFile("mesos/nginx.conf"),
): string {
  const listen = options.listen ?? { local: "127.0.0.1", node: "0.0.0.0", health: "0.0.0.0" };
  const values = {
    LOCAL: `${listen.local}:${ports.localProxy}`,
    INBOUND: `${listen.node}:${ports.inbound}`,
    HEALTH: `${listen.health}:${ports.health}`,
    GATEWAY: `${gatewayHost(options.domain)}:${ports.gateway}`,
    RESOLVER: options.resolver ?? "169.254.169.253",
  };
  return renderNginx(template, { ...nodePlaces(options), ...values }, "the Mesos nodes' configuration");
}

/** The configuration of a gateway. @throws Error when the template has a place that nothing fills */
export function renderGatewayNginx(
  options: GatewayNginx = {},
  template: string = dataPlaneFile("gateway/nginx.conf"),
): string {
  const listen = options.listen ?? { node: "0.0.0.0", health: "0.0.0.0" };
  const values = {
    GATEWAY: `${listen.node}:${ports.gateway}`,
    HEALTH: `${listen.health}:${ports.health}`,
    DRAINING: options.draining ?? DRAINING,
  };
  return renderNginx(template, { ...nodePlaces(options), ...values }, "the gateways' configuration");
}

/** Fills a template of `mesh/` with what all of them share, and with values. */
export function renderNginx(
  template: string,
  values: Readonly<Record<string, string>>,
  whose: string,
): string {
  const shared = (file: string) => dataPlaneFile(`common/${file}.conf`).trimEnd();
  const whole = Object.entries(PARTS).reduce(
    (text, [place, file]) => text.replaceAll(`@@${place}@@`, () => shared(file)),
    template,
  );
  const denied = DENIED_SERVICE_NAMES.map((name) => `    ${name} 1;`).join("\n");
  return fillPlaces(withoutComments(whole), { ...values, DENIED: denied }, whose);
}

/** Files of `mesh/common/` by the places that they fill; each may have places of those after it. */
const PARTS = {
  COMMON: "http",
  CHOOSER_HTTP: "chooser-http",
  BODIES: "bodies",
  CHOOSER: "chooser",
  PATHS: "paths",
  HEADERS: "headers",
  LAST_HOP: "last-hop",
} as const;

function nodePlaces(options: Partial<NginxPlaces>): Record<string, string> {
  const { run, log, cache, workers, connections } = { ...INSTALLED, ...options };
  return {
    RUN: run,
    LOG: log,
    CACHE: cache,
    WORKERS: workers,
    CONNECTIONS: String(connections),
    // A connection to a client and one to an upstream each, files and some to spare.
    OPEN_FILES: String(4 * connections),
  };
}
