import { VXLAN_PORT } from "../../../environment/naming";

/** Folder in which Flannel finds its files. */
export const FLANNEL_FOLDER = "/etc/kube-flannel";

/**
 * Flannel's files by name: what container runtimes read (`cni-conf.json`) and what flanneld reads (`net-conf.json`).
 *
 * @param podCidr network of pods, of which kube-controller-manager gives each node a part
 */
export const renderFlannel = (podCidr: string): Record<string, string> => ({
  "cni-conf.json": json({
    name: "cbr0",
    cniVersion: "1.0.0",
    plugins: [
      { type: "flannel", delegate: { hairpinMode: true, isDefaultGateway: true } },
      // Host ports, by which the mesh reaches the bridge. By nftables, as kube-proxy and flanneld: by iptables a node
      // would have its rules in two places, each blind to the other.
      { type: "portmap", backend: "nftables", capabilities: { portMappings: true } },
    ],
  }),
  "net-conf.json": json({
    Network: podCidr,
    EnableNFTables: true,
    Backend: { Type: "vxlan", VNI: 1, Port: VXLAN_PORT },
  }),
});

const json = (value: object) => `${JSON.stringify(value, undefined, 2)}\n`;
