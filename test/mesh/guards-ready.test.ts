import {
  type Staged,
  catalogue,
  dial,
  dialFile,
  take,
  removal,
  services,
  worker,
} from "../support/mesh-catalogue";
import { MeshNode } from "../support/mesh-node";

// When a gateway is ready for its first requests.

jest.setTimeout(120_000);

let node: MeshNode;

beforeEach(async () => {
  node = await MeshNode.create();
});

afterEach(() => node.close());

const apply = (raw: Staged) => take(node, raw);

const model = () => node.model();

describe("before a gateway is ready", () => {
  const boot = async () => {
    node.writeSettings({ ...node.settings, initialWeights: { alpha: 100 } });
    await node.apply("--boot");
  };

  test("given an empty catalogue, then it waits for a worker of a cluster with weight", async () => {
    await boot();
    const empty = await apply({ services: {}, workers: [], dial: "" });
    expect(empty.last.findings).toEqual([
      "not ready yet: no worker is known of the clusters with weight, {'alpha': 100}",
    ]);
    expect(model()).toMatchObject({ boot: true, weights: { alpha: 100 } });
    await apply({ services: services(2), workers: [worker(1, "bravo")], dial: "" });
    expect(model()).toMatchObject({ boot: true });
    expect(node.services()).toHaveLength(2);
    // What is in force already is not lost for a catalogue that is refused.
    node.stage("");
    await node.apply();
    expect(model()).toMatchObject({ boot: true });
    expect(node.services()).toHaveLength(2);
    expect((await apply({ services: services(2), workers: [worker(1)], dial: "" })).last.findings).toEqual(
      [],
    );
    expect(model()).toMatchObject({ boot: false });
  });

  test("given a catalogue and no word of the dial yet, then it waits for that", async () => {
    await boot();
    node.stage(catalogue({ workers: [worker(1)] }));
    for (const [file, why] of [
      [undefined, "there is none"],
      [dialFile("").slice(0, -1), "its file is not whole: the last line has no end"],
      [
        dialFile(dial({ alpha: 100 }), "elsewhere"),
        "its file is not whole: it is of environment 'elsewhere'",
      ],
    ] as const) {
      if (file !== undefined) node.stageDial(file);
      expect((await node.apply()).last.findings[0]).toContain(
        `not ready yet: it is not known whether there is a dial: ${why}`,
      );
      expect(model()).toMatchObject({ boot: true, weights: { alpha: 100 }, dialGeneration: 0 });
    }
    node.stageDial(dialFile(""));
    expect((await node.apply()).last.findings).toEqual([]);
    expect(model()).toMatchObject({ boot: false, weights: { alpha: 100 }, dialGeneration: 0 });
  });

  test("given that it has been, then it stays so", async () => {
    await boot();
    await apply({ workers: [worker(1)] });
    await apply({ workers: [], removal: removal(["*"]) });
    expect(model()).toMatchObject({ boot: false, clusters: {} });
  });

  test("a Mesos node needs no worker", async () => {
    const mesos = await MeshNode.create({ role: "mesos" });
    await mesos.apply("--boot");
    mesos.stage(catalogue({ services: {}, workers: [] }));
    await mesos.apply();
    expect(JSON.parse(mesos.liveFile("model.json"))).toMatchObject({ boot: false });
    await mesos.close();
  });
});
