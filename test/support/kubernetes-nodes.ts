import type { Kubectl } from "./kubernetes-kubectl";

/** Labels for every simulated node, or for the node of this index. */
export type NodeLabels =
  Readonly<Record<string, string>> | ((index: number) => Readonly<Record<string, string>>);

// An m7i.xlarge, roughly. Otherwise a simulated node has room for a million pods, and hides what would not fit.
const RESOURCES = { cpu: "4", memory: "16Gi", pods: "110" };

/** Registers `node-0` and on, as their kubelets would; kwok keeps them alive. */
export async function createNodes(
  kubectl: Kubectl,
  count: number,
  labels: NodeLabels,
  version: string,
): Promise<void> {
  if (count === 0) return;
  const labelsOf = typeof labels === "function" ? labels : () => labels;
  const items = Array.from({ length: count }, (_, index) => simulatedNode(index, labelsOf(index), version));
  const input = JSON.stringify({ apiVersion: "v1", kind: "List", items });
  // Not validated: a kubelet leaves out parts of the status that the schema wants.
  const { code, stderr } = await kubectl.run(["create", "--validate=false", "-f", "-"], { input });
  if (code !== 0) throw new Error(`the simulated nodes were refused: ${stderr.trim()}`);
}

function simulatedNode(index: number, labels: Readonly<Record<string, string>>, version: string): object {
  const name = `node-${index}`;
  const own = { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64" };
  const podCIDR = `10.${128 + (index >> 8)}.${index & 255}.0/24`;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { ...own, ...labels } },
    spec: { podCIDR, podCIDRs: [podCIDR] },
    status: {
      addresses: [
        { type: "InternalIP", address: `10.64.${index >> 8}.${index & 255}` },
        { type: "Hostname", address: name },
      ],
      allocatable: RESOURCES,
      capacity: RESOURCES,
      nodeInfo: { kubeletVersion: version },
    },
  };
}

interface NodeList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly taints?: readonly { readonly key: string }[] };
    readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

/** Throws with the reason while one of the nodes does not take pods. */
export function nodesTakePods(nodeListJson: string, count: number): void {
  const { items } = JSON.parse(nodeListJson) as NodeList;
  if (items.length < count) throw new Error(`${items.length} of ${count} nodes are registered`);
  for (const { metadata, spec, status } of items) {
    const ready = status.conditions?.some(
      (condition) => condition.type === "Ready" && condition.status === "True",
    );
    if (!ready) throw new Error(`${metadata.name} is not Ready`);
    // The controller manager takes the taint of a node that was not Ready away a moment later.
    const taint = spec.taints?.find(({ key }) => key.startsWith("node.kubernetes.io/"));
    if (taint) throw new Error(`${metadata.name} still has the taint ${taint.key}`);
  }
}
