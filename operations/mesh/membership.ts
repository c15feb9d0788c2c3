import type { InstanceRecord, Membership } from "./instance";
import { routesOf } from "./settled";
import type { MeshWorld } from "./world";

/** How instances of a mesh become known and unknown: to Consul on a Mesos node, as a pod in a cluster. */
export function memberships(mesh: MeshWorld, forget: (instance: InstanceRecord) => void): Membership {
  const consulOf = ({ where }: InstanceRecord) =>
    (mesh.mesosNodes.find(({ name }) => name === where) ?? mesh.mesosNode(0)).consul;
  return {
    forget,
    join: async (instance) => {
      const { id, service, address, port, kind, where } = instance;
      if (kind === "kubernetes") {
        await mesh.cluster(where).addPod(service, { address, port });
        return;
      }
      const check = `http://${address}:${port}/_demo/health`;
      await consulOf(instance).register({ name: service, id, address, port, check });
    },
    leave: async (instance) => {
      const { id, service, kind, where } = instance;
      if (kind === "kubernetes") {
        await mesh.cluster(where).removePod(service, instance);
        return;
      }
      await consulOf(instance).deregister(id);
    },
    unrouted: async ({ kind, service, address, port }) => {
      // A Service leads new connections elsewhere at once.
      if (kind === "kubernetes") return;
      await mesh.until(30_000, async () => {
        for (const node of mesh.choosers) {
          if (routesOf(node.live().model).services[service]?.includes(`${address}:${port}`)) {
            return `${node.name} still sends to ${address}:${port}`;
          }
          const reason = await node.unconfirmed();
          if (reason !== undefined) return reason;
        }
        return undefined;
      });
    },
  };
}
