// What is planned, from the example environment development: each scenario is a file that a person could have written,
// planned against what stands when its turn comes.

const NETWORK = "network";
const MESH = "mesh";
const ALPHA = "cluster-alpha";
const BRAVO = "cluster-bravo";

const OTHER_IMAGE = { id: "ami-0fedcba9876543210" };

/** What stands in the end: both clusters, alpha protected and two versions behind the newest. */
export const both = (file) => {
  Object.assign(file.clusters.alpha, { deletionProtection: true, kubernetes: "1.34.2" });
};

/** What stands at first: the active cluster alone. */
export const first = (file) => {
  both(file);
  delete file.clusters.bravo;
};

/** Planned while alpha stands alone. */
export const besideOne = [
  { name: "no-change", stacks: [NETWORK, MESH, ALPHA], write: first },
  // A platform stack waits for its cluster: no plan of it can be made yet.
  { name: "new-cluster", stacks: [NETWORK, MESH, ALPHA, BRAVO], write: both },
];

/** Planned while both stand. */
export const besideTwo = [
  {
    name: "version-upgrade",
    stacks: [BRAVO],
    write: (file) => {
      const { bravo } = file.clusters;
      bravo.kubernetes = "1.36";
      Object.assign(bravo.addOns, {
        coredns: "v1.14.0-eksbuild.1",
        "kube-proxy": "v1.36.0-eksbuild.2",
      });
    },
  },
  {
    name: "node-rotation",
    stacks: [ALPHA],
    write: (file) => {
      file.clusters.alpha.workers.general.image = OTHER_IMAGE;
    },
  },
  {
    name: "removal-of-an-active-cluster",
    stacks: [NETWORK, ALPHA, BRAVO],
    write: (file) => {
      file.clusters.alpha.role = "removed";
      file.clusters.bravo.role = "active";
    },
  },
  {
    name: "gateway-roll",
    stacks: [MESH],
    write: (file) => {
      file.mesh.gateways.image = OTHER_IMAGE;
    },
  },
  {
    name: "consul-roll",
    stacks: [MESH],
    write: (file) => {
      file.mesh.consul.image = OTHER_IMAGE;
    },
  },
  {
    name: "etcd-and-controllers",
    stacks: [ALPHA],
    write: (file) => {
      file.clusters.alpha.etcd.instanceType = "m7i.xlarge";
      file.clusters.alpha.controllers.image = OTHER_IMAGE;
    },
  },
  {
    name: "version-skip",
    stacks: [ALPHA],
    write: (file) => {
      file.clusters.alpha.kubernetes = "1.36.1";
    },
  },
  {
    name: "promotion",
    stacks: [ALPHA, BRAVO],
    write: (file) => {
      file.clusters.alpha.role = "passive";
      file.clusters.bravo.role = "active";
    },
  },
  {
    name: "retirement-of-an-active-cluster",
    stacks: [ALPHA],
    write: (file) => {
      file.clusters.alpha.role = "retiring";
      file.clusters.bravo.role = "active";
    },
  },
  {
    name: "other-client-and-deployer",
    stacks: [MESH, BRAVO],
    write: (file) => {
      const [office] = file.network.clients;
      file.network.clients[0] = { ...office, cidr: "10.88.0.0/14" };
      file.access.deployer = "arn:aws:iam::111111111111:role/deployer";
    },
  },
  {
    name: "other-domain",
    stacks: [NETWORK, MESH],
    write: (file) => {
      file.domain = "dev.example.internal";
    },
  },
  {
    name: "other-network",
    stacks: [NETWORK],
    write: (file) => {
      file.network.cidr = "10.12.0.0/16";
    },
  },
];

/** Planned when somebody has changed things by hand. */
export const afterDrift = [{ name: "drift", stacks: [MESH], write: both }];
