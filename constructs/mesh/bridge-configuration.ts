import { cidr, hostAddress } from "../../environment/cidr";
import { DENIED_SERVICE_NAMES, gatewayHost, ports } from "../../environment/naming";
import { fillPlaces } from "./places";

export interface BridgeSettings {
  /** Domain of the environment, in which the gateways have their name. */
  readonly domain: string;
  /** Where the bridge sends: namespace and port of the services in Kubernetes. */
  readonly service: { readonly namespace: string; readonly port: number };
  /** Network of Kubernetes Services, `172.20.0.0/16`: kubedns has its tenth address. */
  readonly serviceCidr: string;
}

/**
 * The bridge's NGINX configuration.
 *
 * @param template `mesh/bridge/nginx.conf`
 * @throws Error when the template has a place that nothing fills
 */
export function renderBridge(template: string, settings: BridgeSettings): string {
  const denied = DENIED_SERVICE_NAMES.map((name) => `    ${name} 1;`).join("\n");
  const values: Record<string, string> = {
    INBOUND: String(ports.inbound),
    OUTBOUND: String(ports.outbound),
    HEALTH: String(ports.health),
    NAMESPACE: settings.service.namespace,
    SERVICE_PORT: String(settings.service.port),
    RESOLVER: kubeDnsAddress(settings.serviceCidr),
    GATEWAY: `${gatewayHost(settings.domain)}:${ports.gateway}`,
    DENIED: denied,
  };
  return fillPlaces(template, values, "the bridge's configuration");
}

/** Address of kubedns: EKS and kubeadm both give it the tenth address of the Service network. */
export const kubeDnsAddress = (serviceCidr: string) => hostAddress(cidr(serviceCidr), 10);
export { sha256 } from "./places";
