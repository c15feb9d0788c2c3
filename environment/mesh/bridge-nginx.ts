import { cidr, hostAddress } from "../cidr";
import { gatewayHost, ports } from "../naming";
import { renderNginx } from "./nginx";

export interface BridgeSettings {
  /** Domain of the environment, in which the gateways have their name. */
  readonly domain: string;
  /** Where the bridge sends: namespace and port of the services in Kubernetes. */
  readonly service: { readonly namespace: string; readonly port: number };
  /** Network of Kubernetes Services, `172.20.0.0/16`: kubedns has its tenth address. */
  readonly serviceCidr: string;
}

/** Where a bridge runs that is no pod. */
export interface BridgePlaces {
  /** Address of all its listeners. */
  readonly address: string;
  /** Folder of its pid file and of bodies that are on their way. */
  readonly run: string;
  /** File of its access log. */
  readonly accessLog: string;
  /** kubedns: an address, or address and port. */
  readonly resolver: string;
  readonly workers: number;
  readonly connections: number;
}

/**
 * The bridge's NGINX configuration.
 *
 * @param template `mesh/bridge/nginx.conf`
 * @param places what differs when the bridge is no pod
 * @throws Error when the template has a place that nothing fills
 */
export function renderBridge(
  template: string,
  settings: BridgeSettings,
  places: Partial<BridgePlaces> = {},
): string {
  const { address, run = "/tmp", accessLog = "/dev/stdout", workers = 2, connections = 4096 } = places;
  const at = (port: number) => (address === undefined ? String(port) : `${address}:${port}`);
  const values = {
    INBOUND: at(ports.inbound),
    OUTBOUND: at(ports.outbound),
    HEALTH: at(ports.health),
    INBOUND_PORT: String(ports.inbound),
    OUTBOUND_PORT: String(ports.outbound),
    RUN: run,
    CACHE: run,
    ACCESS_LOG: accessLog,
    WORKERS: String(workers),
    CONNECTIONS: String(connections),
    OPEN_FILES: String(4 * connections),
    NAMESPACE: settings.service.namespace,
    SERVICE_PORT: String(settings.service.port),
    RESOLVER: places.resolver ?? kubeDnsAddress(settings.serviceCidr),
    GATEWAY: `${gatewayHost(settings.domain)}:${ports.gateway}`,
  };
  return renderNginx(template, values, "the bridge's configuration");
}

/** Address of kubedns: EKS and kubeadm both give it the tenth address of the Service network. */
export const kubeDnsAddress = (serviceCidr: string) => hostAddress(cidr(serviceCidr), 10);
