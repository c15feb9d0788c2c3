import { apiHost, etcdPorts, kubernetesPorts } from "../../../../environment/naming";
import { memberHosts } from "./etcd-configuration";
import {
  ADMISSION_CONFIGURATION,
  AUDIT_POLICY,
  AUTHENTICATION_CONFIGURATION,
  AUTHENTICATOR_WEBHOOK,
  CONTROLLER_PKI,
  ENCRYPTION_CONFIGURATION,
} from "./kubernetes-paths";
import { flagsFile } from "../../../../environment/node-file";
import type { ControllerSettings } from "./settings";
import { TLS_FLAGS } from "./tls";

/**
 * kube-apiserver's flags, as the CIS Kubernetes Benchmark recommends them.
 *
 * Left out on purpose: AlwaysPullImages (1.2.11), with which no pod would start while a registry is away.
 */
export function renderApiServerFlags(controller: ControllerSettings): string {
  const etcd = memberHosts(controller.cluster, controller.domain, controller.etcdMembers);
  const issuer = `https://${apiHost(controller.cluster, controller.domain)}`;
  const pki = (file: string) => `${CONTROLLER_PKI}/${file}`;
  return flagsFile({
    "secure-port": kubernetesPorts.apiServer,
    "tls-cert-file": pki("apiserver.crt"),
    "tls-private-key-file": pki("apiserver.key"),
    ...TLS_FLAGS,

    "etcd-servers": etcd.map((host) => `https://${host}:${etcdPorts.client}`).join(","),
    "etcd-cafile": pki("etcd-ca.crt"),
    "etcd-certfile": pki("etcd-client.crt"),
    "etcd-keyfile": pki("etcd-client.key"),
    "encryption-provider-config": ENCRYPTION_CONFIGURATION,

    // anonymous-auth is not among them: the file lets nobody in without a name but for health.
    "authentication-config": AUTHENTICATION_CONFIGURATION,
    "authentication-token-webhook-config-file": AUTHENTICATOR_WEBHOOK,
    "authentication-token-webhook-version": "v1",
    "client-ca-file": pki("ca.crt"),
    "authorization-mode": "Node,RBAC",
    "enable-admission-plugins": "NodeRestriction,DenyServiceExternalIPs,EventRateLimit",
    "admission-control-config-file": ADMISSION_CONFIGURATION,
    "allow-privileged": true, // kube-proxy, Flannel and the EBS driver are

    "service-account-issuer": issuer,
    "service-account-jwks-uri": `${issuer}/openid/v1/jwks`,
    "service-account-key-file": pki("service-account.pub"),
    "service-account-signing-key-file": pki("service-account.key"),
    "service-account-lookup": true,
    "service-account-extend-token-expiration": false,
    "service-cluster-ip-range": controller.serviceCidr,

    "kubelet-certificate-authority": pki("ca.crt"),
    "kubelet-client-certificate": pki("kubelet-client.crt"),
    "kubelet-client-key": pki("kubelet-client.key"),
    "kubelet-preferred-address-types": "InternalIP",

    "requestheader-client-ca-file": pki("front-proxy-ca.crt"),
    "requestheader-allowed-names": "front-proxy-client",
    "requestheader-username-headers": "X-Remote-User",
    "requestheader-group-headers": "X-Remote-Group",
    "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    "proxy-client-cert-file": pki("front-proxy-client.crt"),
    "proxy-client-key-file": pki("front-proxy-client.key"),
    // Controllers are not in the network of pods: the webhooks and aggregated APIs that they call have to be in the
    // nodes' own network, and are found by their endpoints.
    "enable-aggregator-routing": true,

    "audit-policy-file": AUDIT_POLICY,
    "audit-log-path": "/var/log/kubernetes/audit.log",
    "audit-log-maxage": 30,
    "audit-log-maxbackup": 10,
    "audit-log-maxsize": 100,

    "request-timeout": "60s",
    profiling: false,
    // The balancer sees /readyz fail before connections are refused.
    "shutdown-delay-duration": "20s",
    "shutdown-send-retry-after": true,
    // Clients stay with one API server for the life of a connection: this spreads them again after one was replaced.
    "goaway-chance": 0.001,
  });
}
