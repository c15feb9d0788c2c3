import { createHash } from "node:crypto";
import { clusterOf } from "../../operations/dial/choice";
import type { MeshWorld } from "../../operations/mesh/world";
import { type Entrance, atGateway, atMesosNode, inCluster, startMesh } from "../support/mesh-callers";
import { KeptConnection } from "../support/mesh-connection";

// The dial is one for whoever calls: a program on a Mesos node, one outside at a gateway, and a pod on its way out.

jest.setTimeout(180_000);

const SERVICE = "media";
const REQUESTS = 400;

let mesh: MeshWorld;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ mesh, stop } = await startMesh({ clusters: { alpha: 1, bravo: 1, charlie: 1 }, mesosNodes: 1 }));
  await mesh.startService({ name: SERVICE, on: { cluster: "alpha" } });
  await mesh.startService({ name: SERVICE, on: { cluster: "bravo" } });
  // A cluster without weight, whose pods reach the service by the gateways.
  await mesh.cluster("charlie").standIn(SERVICE);
  await mesh.settled();
});
afterAll(() => stop?.());

const ids = Array.from({ length: REQUESTS }, (_, index) =>
  createHash("md5").update(`way ${index}`).digest("hex"),
);

/** Where these requests are answered, in their order. */
async function answered({ endpoint, host, path }: Entrance): Promise<string[]> {
  const connection = await KeptConnection.open(endpoint, 10_000);
  const places: string[] = [];
  for (const id of ids) {
    const text = `GET ${path("/x")} HTTP/1.1\r\nHost: ${host}\r\nX-Request-Id: ${id}\r\n\r\n`;
    const { status, body } = await connection.send(Buffer.from(text), 10_000);
    places.push(status === 200 ? (JSON.parse(body.toString()) as { where: string }).where : String(status));
  }
  connection.close();
  return places;
}

test.each([[{ alpha: 100 }], [{ alpha: 40, bravo: 60 }], [{ bravo: 100 }]])(
  "by %j every way leads to the same cluster for the same request",
  async (weights) => {
    await mesh.setWeights(weights);
    await mesh.settled();
    // The pools of the hops before the gateways may hold connections of the dial before: each carries one request more.
    await mesh.until(30_000, async () => {
      const ending = mesh.gateways.filter(({ nginx }) => nginx.children.length > 1);
      return ending.length === 0 ? undefined : `old workers of ${ending.map(({ name }) => name).join(", ")}`;
    });
    const wanted = ids.map((id) => clusterOf(id, weights));
    const ways = [
      atMesosNode(mesh, 0, SERVICE),
      atGateway(mesh, 0, SERVICE),
      atGateway(mesh, 1, SERVICE),
      inCluster(mesh, "charlie", SERVICE),
    ];
    for (const way of ways) expect(await answered(way)).toEqual(wanted);
  },
);
