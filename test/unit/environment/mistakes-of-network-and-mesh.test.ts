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
  "a network that is too small for the pods of an EKS cluster": mistake(
    "scaling: { fixed: 3 }",
    "scaling: { min: 3, max: 230 }",
    "10.10.0.0/16",
    "network.cidr: 10.10.0.0/16 is too small for the pods asked for: each zone has 512 blocks of 16 addresses, and bravo (up to 230 nodes) with 110 pods a node take 560; no network that is allowed here holds them, so ask for fewer nodes",
  ),
  "resolver endpoints without clients": mistake(
    complete.slice(complete.indexOf("  clients:"), complete.indexOf("  endpointDns:")),
    "",
    "shareWith",
    "network.endpointDns: lets client networks resolve private endpoints, and network.clients has none; name a client network, or leave endpointDns out",
  ),
  "an account twice": mistake(
    '["222222222222"]',
    '["222222222222", "222222222222"]',
    '"222222222222"]',
    "network.endpointDns.shareWith[1]: account 222222222222 is there twice; network.endpointDns.shareWith[0] names it first",
  ),
  "forward rules shared with the environment's own account": mistake(
    '["222222222222"]',
    '["111111111111"]',
    '"111111111111"]',
    "network.endpointDns.shareWith[0]: 111111111111 is the environment's own account, which has the forward rules already",
  ),
  "an account id that YAML reads as a number": mistake(
    '["222222222222"]',
    "[222222222222]",
    "222222222222]",
    "network.endpointDns.shareWith[0]: 222222222222 is no AWS account id of 12 digits",
    "in quotes",
  ),
  "gateways of another architecture than their image": mistake(
    "instanceType: c7i.large",
    "instanceType: c7g.large",
    "{ ssm: /skyline/images/gateway/latest }",
    "mesh.gateways.image: the image is built for amd64 (the default) and c7g.large is arm64",
  ),
  "Consul servers of another architecture than their image": mistake(
    "{ ssm: /skyline/images/consul/latest }",
    "{ ssm: /skyline/images/consul/latest, architecture: arm64 }",
    "arm64",
    "mesh.consul.image.architecture: the image is built for arm64 and m7i.large is amd64",
  ),

  "an exemption from a check that there is not": mistake(
    "check: public-endpoint",
    "check: public-endpoints",
    "public-endpoints",
    'policy.exemptions[0].check: "public-endpoints" is not allowed; write one of public-endpoint, open-ingress',
    "did you mean public-endpoint?",
  ),
  "an exemption without a reason": mistake(
    "      reason: Builds outside the VPC deploy to it, from one network\n",
    "",
    "check: public-endpoint",
    "policy.exemptions[0].reason: is missing; it wants a reason that a reviewer can judge",
  ),
  "an exemption with a blank reason": mistake(
    "reason: Builds outside the VPC deploy to it, from one network",
    'reason: " "',
    '" "',
    'policy.exemptions[0].reason: " " is no reason that a reviewer can judge',
  ),
  "an exemption without its stack": mistake(
    "resource: complete-cluster-bravo/aws_eks_cluster.cluster_F4DB6FDF",
    "resource: aws_eks_cluster.cluster_F4DB6FDF",
    "aws_eks_cluster.cluster_F4DB6FDF",
    "policy.exemptions[0].resource",
    "is no resource, as stack/address",
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
  "a step of the dial that is none": mistake(
    "maxStep: 25",
    "maxStep: 0",
    "0\n    minHold",
    "mesh.dial.maxStep: 0 is not allowed as points by which a cluster's share may rise in one change; write a whole number from 1 to 100",
  ),
  "a hold of the dial that is no number": mistake(
    "minHold: 300",
    "minHold: 5m",
    "5m",
    'mesh.dial.minHold: "5m" is not allowed as seconds between two changes of the dial; write a whole number from 0 to 86400',
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
