import { blocksOfSubnet, blocksOfZone, nodesOfPodNetwork } from "../../../environment/pod-capacity";
import { cidr } from "../../../environment/cidr";
import { privateNetwork, publicNetwork } from "../../../environment/zone-networks";
import { complete, edit, positionOf, problems } from "./problems";

test("a zone has an eighth of the network for nodes and a 64th for balancers, by its letter", () => {
  const network = cidr("10.10.0.0/16");
  expect(["a", "c", "f"].map((letter) => privateNetwork(network, `us-east-1${letter}`))).toEqual([
    "10.10.0.0/19",
    "10.10.64.0/19",
    "10.10.160.0/19",
  ]);
  expect(["a", "c", "f"].map((letter) => publicNetwork(network, `us-east-1${letter}`))).toEqual([
    "10.10.224.0/22",
    "10.10.232.0/22",
    "10.10.244.0/22",
  ]);
});

test.each([
  [16, 512],
  [18, 128],
  [20, 32],
])("a private subnet of a /%i has %i blocks of 16 addresses", (prefix, blocks) => {
  expect(blocksOfSubnet(prefix)).toBe(blocks);
});

test.each([
  // Seven blocks hold the 110 pods of a node; an update adds two nodes; 3 + 6 + 7 single addresses fill one block.
  ["a node in each zone", { zones: 3, eks: [[3]], others: [] }, 3 * 7 + 1],
  ["nodes that do not spread evenly", { zones: 3, eks: [[4]], others: [] }, 4 * 7 + 2],
  ["two groups, both updated at once", { zones: 3, eks: [[3, 3]], others: [] }, 6 * 7 + 2],
  ["two clusters, one updated at a time", { zones: 3, eks: [[3], [3]], others: [] }, 4 * 7 + 2],
  ["nodes whose pods are elsewhere", { zones: 3, eks: [], others: [24, 3] }, 1],
  ["more of them than a block holds", { zones: 3, eks: [], others: [30] }, 2],
])("blocks of the fullest zone: %s", (_, nodes, blocks) => {
  expect(blocksOfZone(nodes)).toBe(blocks);
});

test("a pod network has a /24 for each node", () => {
  expect([20, 16, 12].map(nodesOfPodNetwork)).toEqual([16, 256, 4096]);
});

describe("an environment", () => {
  const nodes = (bravo: number) => edit(complete, "scaling: { fixed: 3 }", `scaling: { fixed: ${bravo} }`);
  const network = (text: string, prefix: number) =>
    edit(text, "cidr: 10.10.0.0/16", `cidr: 10.10.0.0/${prefix}`);

  test("at the edge: what fits is let through, and one node a zone more is told with the network that holds it", () => {
    // 16 nodes a zone and 2 of an update take 126 blocks, and 47 single addresses 3: one more than a /18 has.
    expect(problems(network(nodes(45), 18))).toEqual([]);
    const text = network(nodes(48), 18);
    expect(problems(text)).toEqual([
      `complete.yaml:${positionOf(text, "10.10.0.0/18")}  network.cidr: 10.10.0.0/18 is too small for the pods asked for: ` +
        `each zone has 128 blocks of 16 addresses, and bravo (up to 48 nodes) with 110 pods a node take 129; ` +
        `write a /17 or larger, or ask for fewer nodes`,
    ]);
  });

  test("all clusters of the network count, but for those that are removed", () => {
    const bravo = complete.slice(complete.indexOf("  bravo:"));
    const charlie = (role: string) =>
      network(complete, 18) +
      edit(edit(bravo, "bravo:", "charlie:"), "role: passive", `role: ${role}`).replace(
        "fixed: 3",
        "fixed: 45",
      );
    expect(problems(charlie("removed"))).toEqual([]);
    expect(problems(charlie("retiring"))).toEqual([
      expect.stringContaining(
        "and bravo (up to 3 nodes), charlie (up to 45 nodes) with 110 pods a node take",
      ),
    ]);
  });

  test("the pod network that a cluster leaves to the default is told at the cluster", () => {
    const text = edit(edit(complete, "    podCidr: 100.64.0.0/16\n", ""), "max: 30,", "max: 300,");
    expect(problems(text)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^complete\\.yaml:${positionOf(text, "alpha:")} {2}clusters\\.alpha\\.podCidr: 100\\.64\\.0\\.0/16 has`,
        ),
      ),
    ]);
    expect(problems(edit(text, "role: active", "role: removed"))).toEqual([
      expect.stringContaining("none of alpha, bravo is active"),
    ]);
  });
});
