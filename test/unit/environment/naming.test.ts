import {
  clusterResourceName,
  gatewayHost,
  LABEL_KEY,
  registry,
  SERVICE_NAME,
  SHORT_LABEL,
  stackNames,
  stateKey,
  zoneIndex,
} from "../../../environment/naming";

test.each(["a", "alpha", "a-1", "blue-2", "a".repeat(20)])("%s names an environment or a cluster", (name) => {
  expect(name).toMatch(SHORT_LABEL);
});

test.each(["", "1a", "-a", "a-", "A", "a_b", "a.b", "a b", "ä", "a\n", "a".repeat(21)])(
  "%j names neither",
  (name) => {
    expect(name).not.toMatch(SHORT_LABEL);
  },
);

test("a service's name is a DNS label that starts with a letter", () => {
  ["a", "organization", "a".repeat(63)].forEach((name) => expect(name).toMatch(SERVICE_NAME));
  ["", "4ever", "a_b", "a.b", "a-", "a".repeat(64)].forEach((name) => expect(name).not.toMatch(SERVICE_NAME));
});

test("a label's key is a name behind an optional domain", () => {
  ["team", "example.com/team", "a.b-c_d", "A"].forEach((key) => expect(key).toMatch(LABEL_KEY));
  ["", "/team", "example.com/", "a/b/c", "-a", "Example.com/a", "a".repeat(64)].forEach((key) =>
    expect(key).not.toMatch(LABEL_KEY),
  );
});

test("stacks, states, resources and parameters are named by environment and cluster", () => {
  expect(stackNames.network("staging")).toBe("staging-network");
  expect(stackNames.mesh("staging")).toBe("staging-mesh");
  expect(stackNames.cluster("staging", "alpha")).toBe("staging-cluster-alpha");
  expect(stackNames.platform("staging", "alpha")).toBe("staging-platform-alpha");
  expect(stateKey("staging", "staging-mesh")).toBe("staging/staging-mesh.tfstate");
  expect(clusterResourceName("staging", "alpha")).toBe("staging-alpha");
  expect(clusterResourceName("staging", "alpha", "etcd")).toBe("staging-alpha-etcd");
  expect(registry.cluster("staging", "alpha")).toBe("/skyline/staging/clusters/alpha");
  expect(registry.active("staging")).toBe("/skyline/staging/active");
  expect(gatewayHost("staging.example.internal")).toBe("sdb.staging.example.internal");
});

test("a zone's index comes from its letter, whatever zones stand beside it", () => {
  expect(["us-east-1a", "us-east-1c", "eu-central-1f"].map(zoneIndex)).toEqual([0, 2, 5]);
});
