import { environmentJsonSchema } from "../../../environment/json-schema";
import { mistake, testMistakes } from "./mistake";
import { complete } from "./problems";

testMistakes({
  "unknown key at the root": mistake(
    "\nmesh:",
    "\nclutsers: {}\nmesh:",
    "clutsers",
    "clutsers: unknown key (did you mean clusters?)",
  ),
  "unknown key of state": mistake(
    "  bucket: example-tfstate",
    "  bucket: example-tfstate\n  bukcet: x",
    "bukcet",
    "state.bukcet: unknown key (did you mean bucket?); known here: bucket, region",
  ),
  "unknown key of access": mistake(
    "  deployer: ",
    "  readers: []\n  deployer: ",
    "readers",
    "access.readers: unknown key; known here: admins, deployer",
  ),
  "unknown key of network": mistake(
    "  nat: per-zone",
    "  nat: per-zone\n  zone: us-east-1a",
    "zone: us",
    "network.zone: unknown key (did you mean zones?)",
  ),
  "unknown key of a client network": mistake(
    "      vpc: vpc-0a1b2c3d",
    "      vpc: vpc-0a1b2c3d\n      subnet: x",
    "subnet: x",
    "network.clients[0].subnet: unknown key (did you mean subnets?)",
  ),
  "unknown key of resolver endpoints": mistake(
    "    shareWith:",
    "    sharedWith: []\n    shareWith:",
    "sharedWith",
    "network.endpointDns.sharedWith: unknown key (did you mean shareWith?)",
  ),
  "unknown key of the policy": mistake(
    "  exemptions:\n",
    "  exemption: []\n  exemptions:\n",
    "exemption:",
    "policy.exemption: unknown key (did you mean exemptions?)",
  ),
  "unknown key of an exemption": mistake(
    "      owner: platform-team",
    "      owner: platform-team\n      until: May",
    "until",
    "policy.exemptions[0].until: unknown key; known here: check, resource, reason, owner",
  ),
  "unknown key of mesh": mistake(
    "  mesosServices: [organization, billing]",
    "  mesosService: [organization, billing]",
    "mesosService",
    "mesh.mesosService: unknown key (did you mean mesosServices?)",
  ),
  "unknown key of the Consul servers": mistake(
    "    servers: 3",
    "    servers: 3\n    server: 3",
    "server: 3",
    "mesh.consul.server: unknown key (did you mean servers?)",
  ),
  "unknown key of the gateways": mistake(
    "    max: 9",
    "    max: 9\n    instance_type: c7i.large",
    "instance_type",
    "mesh.gateways.instance_type: unknown key (did you mean instanceType?)",
  ),
  "unknown key of a cluster": mistake(
    "    addOns:",
    "    deletionProtecton: true\n    addOns:",
    "deletionProtecton",
    "clusters.bravo.deletionProtecton: unknown key (did you mean deletionProtection?)",
  ),
  "key of the other kind of cluster": mistake(
    "    etcd:\n",
    "    publicAccess: {}\n    etcd:\n",
    "publicAccess: {}",
    "clusters.alpha.publicAccess: unknown key; known here: kind, role, kubernetes, serviceCidr, podCidr, deletionProtection, etcd",
  ),
  "unknown add-on": mistake(
    "      coredns:",
    "      core-dns: v1\n      coredns:",
    "core-dns",
    "clusters.bravo.addOns.core-dns: unknown key (did you mean coredns?)",
  ),
  "unknown key of a worker group": mistake(
    "        volumeGiB: 100",
    "        volumeGb: 100",
    "volumeGb",
    "clusters.alpha.workers.general.volumeGb: unknown key (did you mean volumeGiB?)",
  ),
});

test("the complete environment has every key of the schema, so that each can be mistaken above", () => {
  const keys = new Set<string>();
  const collect = (schema: unknown) => {
    if (typeof schema === "object" && schema !== null) {
      Object.keys((schema as { properties?: object }).properties ?? {}).forEach((key) => keys.add(key));
      Object.values(schema).forEach(collect);
    }
  };
  collect(environmentJsonSchema());
  expect([...keys].filter((key) => !new RegExp(`\\b${key}:`).test(complete))).toEqual([]);
});
