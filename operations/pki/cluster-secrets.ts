import { cidr, hostAddress } from "../../environment/cidr";
import {
  activeApiHost,
  apiHost,
  authorityParameter,
  clusterResourceName,
  etcdHost,
  nodeGroups,
  secretNames,
} from "../../environment/naming";
import type { Environment, SelfManagedClusterSpec } from "../../environment/schema";
import type { CertificateContent, Content, PkiGroup, PkiSecret, Usage } from "./contents";

/** Name, and address, by which a process reaches another one on its own host. */
const LOCAL = { hosts: ["localhost"], addresses: ["127.0.0.1"] };

/** The secrets of a self-managed cluster. */
export function clusterSecrets(
  environment: Environment,
  cluster: string,
  spec: SelfManagedClusterSpec,
): PkiGroup {
  const authorities = authoritiesOf(environment.environment, cluster);
  const members = Array.from({ length: spec.etcd.members }, (_, index) =>
    etcdMember(environment, cluster, authorities.name, index),
  );
  return {
    cluster,
    secrets: [authorities, ...members, controllers(environment, cluster, spec, authorities.name)],
    parameter: {
      name: authorityParameter(environment.environment, cluster),
      from: { secret: authorities.name, file: "ca.crt" },
    },
  };
}

/** The secret of a self-managed cluster from which its certificates are issued. */
export function authoritiesOf(environment: string, cluster: string): PkiSecret {
  const authority = (name: string, part: string): Content => ({
    kind: "authority",
    name,
    commonName: clusterResourceName(environment, cluster, part),
  });
  return {
    name: secretNames.authorities(environment, cluster),
    part: "authorities",
    reader: "people who issue certificates",
    contents: [
      authority("ca", "kubernetes-ca"),
      authority("etcd-ca", "etcd-ca"),
      authority("front-proxy-ca", "front-proxy-ca"),
    ],
  };
}

function etcdMember(
  environment: Environment,
  cluster: string,
  authorities: string,
  index: number,
): PkiSecret {
  const host = etcdHost(index, cluster, environment.domain);
  const commonName = `etcd-${index}`;
  const { copy, certificate } = from(authorities);
  const names = { hosts: [host, ...LOCAL.hosts], addresses: LOCAL.addresses };
  // A member is a client too: of its peers, and, through its own JSON gateway, of itself.
  const both: readonly Usage[] = ["server", "client"];
  return {
    name: secretNames.etcdMember(environment.environment, cluster, index),
    part: commonName,
    reader: `etcd member ${index}`,
    contents: [
      copy("etcd-ca.crt"),
      certificate("server", "etcd-ca", commonName, both, names),
      certificate("peer", "etcd-ca", commonName, both, names),
      certificate("client", "etcd-ca", commonName, ["client"]),
    ],
  };
}

function controllers(
  environment: Environment,
  cluster: string,
  { serviceCidr }: SelfManagedClusterSpec,
  authorities: string,
): PkiSecret {
  const { copy, certificate } = from(authorities);
  const inCluster = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"];
  return {
    name: secretNames.controllers(environment.environment, cluster),
    part: "controllers",
    reader: "controllers",
    contents: [
      copy("ca.crt"),
      // The controller manager signs the kubelets' certificates with it.
      copy("ca.key"),
      copy("etcd-ca.crt"),
      copy("front-proxy-ca.crt"),
      certificate("etcd-client", "etcd-ca", "kube-apiserver-etcd-client", ["client"]),
      certificate("apiserver", "ca", "kube-apiserver", ["server"], {
        hosts: [
          apiHost(cluster, environment.domain),
          activeApiHost(environment.domain),
          ...inCluster,
          "kubernetes.default.svc.cluster.local",
          ...LOCAL.hosts,
        ],
        // The first address of the Service network is the Service `kubernetes`.
        addresses: [...LOCAL.addresses, hostAddress(cidr(serviceCidr), 1)],
      }),
      {
        ...certificate("kubelet-client", "ca", "kube-apiserver-kubelet-client", ["client"]),
        organization: nodeGroups.kubeletClients,
      },
      certificate("front-proxy-client", "front-proxy-ca", "front-proxy-client", ["client"]),
      { kind: "token-signer", name: "service-account" },
      certificate("controller-manager", "ca", "system:kube-controller-manager", ["client"]),
      certificate("scheduler", "ca", "system:kube-scheduler", ["client"]),
      certificate("authenticator", "ca", "aws-iam-authenticator", ["server"], LOCAL),
    ],
  };
}

/** What secrets take from the authorities of their cluster. */
const from = (authorities: string) => ({
  copy: (file: string): Content => ({ kind: "copy", file, from: { secret: authorities, file } }),
  certificate: (
    name: string,
    authority: string,
    commonName: string,
    usages: readonly Usage[],
    names: { readonly hosts: readonly string[]; readonly addresses: readonly string[] } = {
      hosts: [],
      addresses: [],
    },
  ): CertificateContent => ({
    kind: "certificate",
    name,
    authority: { secret: authorities, name: authority },
    commonName,
    usages,
    ...names,
  }),
});
