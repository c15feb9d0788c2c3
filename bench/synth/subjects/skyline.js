// Skyline itself, from its build: one environment with all the clusters, one of them active.
"use strict";
const cluster = require("../cluster.js");

/** What dist/main.js loads. */
exports.load = () => ({
  ...require("cdktf"),
  ...require("../../../dist/creation-stacks"),
  ...require("../../../dist/environment/load"),
  ...require("../../../dist/environment/define"),
  ...require("../../../dist/stacks/environment-stacks"),
});

exports.construct = ({ App, defineEnvironment, addEnvironment, skipCreationStacks }, count, folder) => {
  skipCreationStacks();
  const app = new App({ outdir: folder });
  addEnvironment(app, defineEnvironment(environment(count)));
  return app;
};

function environment(count) {
  const image = { ssm: "/skyline/images/gateway/latest" };
  return {
    environment: "bench",
    account: cluster.account,
    region: cluster.region,
    domain: cluster.domain,
    state: { bucket: "example-tfstate", region: cluster.region },
    access: { admins: [cluster.admin], deployer: cluster.deployer },
    network: { cidr: cluster.networkCidr, zones: cluster.zones },
    mesh: {
      consul: { servers: 3, instanceType: "m7i.large", image },
      gateways: { min: 3, max: 9, instanceType: "c7i.large", image },
      service: { namespace: "default", port: cluster.ports.service },
      mesosServices: [cluster.mesosService],
    },
    clusters: Object.fromEntries(
      cluster.names(count).map((name, i) => [
        name,
        {
          kind: "eks",
          role: i === 0 ? "active" : "passive",
          kubernetes: cluster.kubernetes,
          serviceCidr: cluster.serviceCidr,
          addOns: cluster.addOns,
          workers: {
            general: {
              scaling: { fixed: cluster.nodes },
              instanceTypes: [cluster.instanceType],
              image: { al2023: true },
              volumeGiB: cluster.volumeGiB,
            },
          },
        },
      ]),
    ),
  };
}
