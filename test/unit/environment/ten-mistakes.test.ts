import { readFileSync } from "node:fs";
import { fixture, problems } from "./problems";

test("a file with ten mistakes of different kinds: all ten at once, each at its place, in order", () => {
  const found = problems(readFileSync(fixture("ten-mistakes"), "utf8"), "ten-mistakes.yaml");
  expect(found).toEqual([
    'ten-mistakes.yaml:3:10  account: 111111111111 is no AWS account id of 12 digits; write it like "111111111111", and in quotes (YAML reads it as a number)',
    "ten-mistakes.yaml:10:7  access.admins[1]: the deployer is an admin too; leave it out here: its access is scoped and can be revoked",
    "ten-mistakes.yaml:14:9  network.cidr: 10.10.1.0/16 has host bits set; the network is 10.10.0.0/16",
    "ten-mistakes.yaml:15:35  network.zones[2]: zone us-west-2c is not in region us-east-1; write it like us-east-1a",
    "ten-mistakes.yaml:19:47  network.clients[1].cidr: 10.90.128.0/17 overlaps 10.90.0.0/16 of network.clients[0].cidr; choose networks that lie apart",
    "ten-mistakes.yaml:20:3  network.nat: is there twice; line 16 has it first",
    "ten-mistakes.yaml:25:3  mesh.mesosService: unknown key (did you mean mesosServices?); known here: consul, gateways, service, mesosServices, dial, deletionProtection",
    'ten-mistakes.yaml:39:3  clusters.Bravo_2: "Bravo_2" is no name of a cluster; write a DNS label of at most 20 characters (a-z, 0-9, -, a letter first) like alpha',
    "ten-mistakes.yaml:42:17  clusters.Bravo_2.kubernetes: Kubernetes 1.29 is not supported; write one of 1.34, 1.35, 1.36",
    "ten-mistakes.yaml:45:11  clusters.charlie.role: alpha and charlie are both active; exactly one cluster is, so make one of them passive",
  ]);
});
