// The cluster that every subject describes, as data. README.md has the table of who does what with it.
"use strict";

const account = "111111111111";

exports.account = account;
exports.region = "us-east-1";
exports.zones = ["us-east-1a", "us-east-1b", "us-east-1c"];
exports.networkCidr = "10.10.0.0/16";
exports.serviceCidr = "172.20.0.0/16";
exports.domain = "bench.example.internal";
exports.kubernetes = "1.35";
exports.admin = `arn:aws:iam::${account}:role/platform-admin`;
exports.deployer = `arn:aws:iam::${account}:role/atlantis`;
exports.deployerNamespaces = ["default", "skyline-system"];
exports.addOns = {
  "vpc-cni": "v1.20.4-eksbuild.2",
  coredns: "v1.13.1-eksbuild.1",
  "kube-proxy": "v1.35.0-eksbuild.2",
  "eks-pod-identity-agent": "v1.3.10-eksbuild.2",
};
exports.instanceType = "m7i.xlarge";
exports.nodes = 3;
exports.volumeGiB = 80;
exports.mesosService = "organization";
exports.ports = { bridge: 5041, gossip: 8301, outbound: 5043, service: 8080 };

/** Names of so many clusters: `c1`, `c2`, … */
exports.names = (count) => Array.from({ length: count }, (_, i) => `c${i + 1}`);
