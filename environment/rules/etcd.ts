import { hasNvme } from "../instance-type";
import { valueAt, type Problem } from "../problem";
import { entries, strings } from "./values";

/** Two members in one zone are lost with it, and the quorum may be too. */
export function etcdMembers(root: unknown): Problem[] {
  const zones = new Set(strings(root, ["network", "zones"]).map(({ text }) => text)).size;
  return entries(root, ["clusters"]).flatMap(([, cluster]) => {
    const path = [...cluster, "etcd", "members"];
    const members = valueAt(root, path);
    // An even number, and fewer than three zones, are problems of their own.
    return typeof members === "number" && members % 2 === 1 && zones >= 3 && members > zones
      ? [
          {
            path,
            message:
              `${members} members want a zone each, and network.zones has ${zones}; ` +
              `write members: 3, or add zones`,
          },
        ]
      : [];
  });
}

/** A member waits for its data volume as an NVMe device with the volume's id. */
export function etcdInstanceTypes(root: unknown): Problem[] {
  return entries(root, ["clusters"]).flatMap(([, cluster]) => {
    const path = [...cluster, "etcd", "instanceType"];
    const instanceType = valueAt(root, path);
    return typeof instanceType === "string" && !hasNvme(instanceType)
      ? [
          {
            path,
            message:
              `${instanceType} is not built on Nitro and shows no NVMe device, where etcd's member looks for its data; ` +
              `write one that is, like m7i.large`,
          },
        ]
      : [];
  });
}
