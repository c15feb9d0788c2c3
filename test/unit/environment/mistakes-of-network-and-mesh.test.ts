import { mistake, testMistakes } from "./mistake";
import { complete, edit, positionOf, problems } from "./problems";

testMistakes({
  "a network that is none": mistake(
    "cidr: 10.10.0.0/16",
    "cidr: 10.10.0.0",
    "10.10.0.0\n",
    'network.cidr: "10.10.0.0" is no IPv4 network in CIDR notation; write it like 10.10.0.0/16',
  ),
  "an IPv6 network": mistake(
    "cidr: 10.10.0.0/16",
    "cidr: 2001:db8::/32",
    "2001:db8::/32",
    'network.cidr: "2001:db8::/32" is no IPv4 network',
  ),
  "a network with host bits": mistake(
    "cidr: 10.10.0.0/16",
    "cidr: 10.10.4.0/16",
    "10.10.4.0/16",
    "network.cidr: 10.10.4.0/16 has host bits set; the network is 10.10.0.0/16",
  ),
  "a network that is too small": mistake(
    "cidr: 10.10.0.0/16",
    "cidr: 10.10.0.0/24",
    "10.10.0.0/24",
    "has a prefix of /24; a network of an environment wants /16 to /20",
  ),
  "clients that overlap the network": mistake(
    "cidr: 10.90.0.0/16",
    "cidr: 10.10.128.0/24",
    "10.10.128.0/24",
    "network.clients[0].cidr: 10.10.128.0/24 overlaps 10.10.0.0/16 of network.cidr",
  ),
  "Services that overlap the network": mistake(
    "serviceCidr: 172.21.0.0/16",
    "serviceCidr: 10.0.0.0/12",
    "10.0.0.0/12",
    "clusters.bravo.serviceCidr: 10.0.0.0/12 overlaps 10.10.0.0/16 of network.cidr",
  ),
  "Services that overlap clients": mistake(
    "serviceCidr: 172.21.0.0/16",
    "serviceCidr: 10.90.0.0/20",
    "10.90.0.0/20",
    "clusters.bravo.serviceCidr: 10.90.0.0/20 overlaps 10.90.0.0/16 of network.clients[0].cidr",
  ),
  "two client networks of one name": mistake(
    "    - name: office\n",
    "    - { name: office, vpc: vpc-1a2b3c4d, cidr: 10.91.0.0/16, subnets: [subnet-2a3b4c5d, subnet-3a4b5c6d] }\n    - name: office\n",
    "office\n",
    "network.clients[1].name: client network office is there twice; network.clients[0].name names it first",
  ),
  "two zones": mistake(
    "[us-east-1a, us-east-1b, us-east-1c]",
    "[us-east-1a, us-east-1b]",
    "[us-east-1a, us-east-1b]",
    "network.zones: wants at least three availability zones",
  ),
  "one zone that is no list": mistake(
    "[us-east-1a, us-east-1b, us-east-1c]",
    "us-east-1a",
    "us-east-1a",
    'network.zones: "us-east-1a" is no list of availability zones, three or more',
  ),
  "a zone twice": mistake(
    "[us-east-1a, us-east-1b, us-east-1c]",
    "[us-east-1a, us-east-1b, us-east-1c, us-east-1b]",
    "us-east-1b]",
    "network.zones[3]: zone us-east-1b is there twice; network.zones[1] names it first",
  ),
  "a zone of another region": mistake(
    "[us-east-1a, us-east-1b, us-east-1c]",
    "[us-east-1a, us-east-1b, us-west-2c]",
    "us-west-2c",
    "network.zones[2]: zone us-west-2c is not in region us-east-1; write it like us-east-1a",
  ),
  "clients with one subnet": mistake(
    "[subnet-0a1b2c3d, subnet-1a2b3c4d]",
    "[subnet-0a1b2c3d]",
    "[subnet-0a1b2c3d]",
    "network.clients[0].subnets: wants subnets in at least two zones",
  ),

  "an even number of Consul servers": mistake(
    "servers: 3",
    "servers: 4",
    "4\n    instanceType",
    "mesh.consul.servers: 4 servers survive the loss of 1, as 3 do; write an odd number",
  ),
  "too few Consul servers": mistake(
    "servers: 3",
    "servers: 1",
    "1\n    instanceType",
    "mesh.consul.servers: 1 is not allowed as number of Consul servers; write a whole number from 3 to 7",
  ),
  "more gateways at least than at most": mistake(
    "    min: 3\n",
    "    min: 12\n",
    "12\n    max",
    "mesh.gateways.min: min 12 is above max 9",
  ),
  "an instance type that is none": mistake(
    "instanceType: c7i.large",
    "instanceType: large",
    "large\n    image: { ssm: /skyline/images/gateway",
    'mesh.gateways.instanceType: "large" is no EC2 instance type',
  ),
  "a service that is never routed": mistake(
    "[organization, billing]",
    "[organization, kubernetes]",
    "kubernetes]",
    "mesh.mesosServices[1]: kubernetes is never routed by the mesh",
  ),
  "a service twice": mistake(
    "[organization, billing]",
    "[organization, organization]",
    "organization]",
    "mesh.mesosServices[1]: service organization is there twice",
  ),
});

test("clients overlap the Services of a cluster that leaves its network to the default", () => {
  const text = edit(
    edit(complete, "    serviceCidr: 172.20.0.0/16\n", ""),
    "cidr: 10.90.0.0/16",
    "cidr: 172.20.4.0/24",
  );
  expect(problems(text)).toEqual([
    expect.stringMatching(
      new RegExp(
        `^complete\\.yaml:${positionOf(text, "alpha:")} {2}clusters\\.alpha\\.serviceCidr: 172\\.20\\.0\\.0/16 overlaps 172\\.20\\.4\\.0/24`,
      ),
    ),
  ]);
});
