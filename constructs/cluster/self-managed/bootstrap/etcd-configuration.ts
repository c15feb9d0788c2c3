import { stringify } from "yaml";
import { clusterResourceName, etcdHost, etcdPorts } from "../../../../environment/naming";
import { CIPHER_SUITES } from "./tls";
import type { EtcdMemberSettings } from "./settings";

/** Where a member's certificates are, put there by skyline-secrets.service. */
export const ETCD_PKI = "/etc/etcd/pki";
/** Below the mount point of the member's volume, whose root has ext4's own lost+found. */
const DATA = "/var/lib/etcd/data";

const GIB = 1024 ** 3;

/** Name of a member, in etcd and in its secret: `etcd-0`. */
export const memberName = (index: number) => `etcd-${index}`;

/** Names of all members, which outlive their instances. */
export const memberHosts = (cluster: string, domain: string, members: number) =>
  Array.from({ length: members }, (_, index) => etcdHost(index, cluster, domain));

/** etcd.yaml of one member. */
export function renderEtcdConfiguration(member: EtcdMemberSettings): string {
  const hosts = memberHosts(member.cluster, member.domain, member.members);
  const own = etcdHost(member.index, member.cluster, member.domain);
  const client = (host: string) => `https://${host}:${etcdPorts.client}`;
  const peer = (host: string) => `https://${host}:${etcdPorts.peer}`;
  return stringify(
    {
      name: memberName(member.index),
      "data-dir": DATA,
      "listen-client-urls": [client(member.address), client("127.0.0.1")].join(","),
      "advertise-client-urls": client(own),
      "listen-peer-urls": peer(member.address),
      "initial-advertise-peer-urls": peer(own),
      "listen-metrics-urls": `http://127.0.0.1:${etcdPorts.metrics}`,
      // Read only while the data is empty. A member that has lost its volume does not form a cluster of its own: the
      // others tell it that it has been bootstrapped before, and it ends.
      "initial-cluster": hosts.map((host, index) => `${memberName(index)}=${peer(host)}`).join(","),
      "initial-cluster-state": "new",
      "initial-cluster-token": clusterResourceName(member.environment, member.cluster),
      "strict-reconfig-check": true,
      "client-transport-security": {
        "cert-file": `${ETCD_PKI}/server.crt`,
        "key-file": `${ETCD_PKI}/server.key`,
        "client-cert-auth": true,
        "trusted-ca-file": `${ETCD_PKI}/etcd-ca.crt`,
      },
      "peer-transport-security": {
        "cert-file": `${ETCD_PKI}/peer.crt`,
        "key-file": `${ETCD_PKI}/peer.key`,
        "client-cert-auth": true,
        "trusted-ca-file": `${ETCD_PKI}/etcd-ca.crt`,
        // A peer is who has the certificate of a member: clients of etcd have the same authority.
        "allowed-hostname": hosts,
        // By its name and not by its address: a member calls others from its instance's own address, which has no name.
        "skip-client-san-verification": true,
      },
      "tls-min-version": "TLS1.2",
      "cipher-suites": [...CIPHER_SUITES],
      // It serves the API as JSON, for which it would connect to itself with the server's certificate.
      "enable-grpc-gateway": false,
      // kube-apiserver compacts every 5 minutes; this holds should no API server run.
      "auto-compaction-mode": "periodic",
      "auto-compaction-retention": "1h",
      // etcd's own advice for the most (etcd.io/docs, "Storage size limit"); at the default, 2 GiB, writes stop.
      "quota-backend-bytes": 8 * GIB,
      "feature-gates": "InitialCorruptCheck=true,CompactHashCheck=true",
      "compact-hash-check-time": 60_000_000_000,
      logger: "zap",
      "log-outputs": ["stderr"],
      "log-level": "info",
    },
    { lineWidth: 0 },
  );
}

/** Settings of etcdctl, for the scripts of the image and for people. */
export function etcdctlVariables(member: EtcdMemberSettings): Record<string, string> {
  return {
    ETCDCTL_ENDPOINTS: clientEndpoints(member).join(","),
    ETCDCTL_CACERT: `${ETCD_PKI}/etcd-ca.crt`,
    ETCDCTL_CERT: `${ETCD_PKI}/client.crt`,
    ETCDCTL_KEY: `${ETCD_PKI}/client.key`,
  };
}

/** This member, and those that must be well before it may leave, as endpoints of etcdctl. */
export function endpointVariables(member: EtcdMemberSettings): Record<string, string> {
  const endpoints = clientEndpoints(member);
  return {
    SKYLINE_OWN_ENDPOINT: endpoints[member.index] as string,
    SKYLINE_OTHER_ENDPOINTS: endpoints.filter((_, index) => index !== member.index).join(","),
  };
}

const clientEndpoints = ({ cluster, domain, members }: EtcdMemberSettings) =>
  memberHosts(cluster, domain, members).map((host) => `https://${host}:${etcdPorts.client}`);
