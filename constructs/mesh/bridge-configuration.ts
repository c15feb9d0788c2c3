import { createHash } from "node:crypto";
import { cidr, hostAddress } from "../../environment/cidr";
import { DENIED_SERVICE_NAMES, gatewayHost, ports } from "../../environment/naming";

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
  const fill = (text: string, more: Record<string, string>) =>
    text.replace(/@@([A-Z_]+)@@/g, (place, name: string) => more[name] ?? place);
  const filled = fill(template, values);
  const rendered = fill(filled, { GENERATION: sha256(filled) });
  const left = /@@[A-Z_]+@@/.exec(rendered);
  if (left !== null) {
    throw new Error(`nothing fills ${left[0]} in the bridge's configuration`);
  }
  return rendered;
}

/** Address of kubedns: EKS and kubeadm both give it the tenth address of the Service network. */
export const kubeDnsAddress = (serviceCidr: string) => hostAddress(cidr(serviceCidr), 10);

export const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
