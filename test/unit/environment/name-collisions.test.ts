import { environmentName, groupNames } from "../../../environment/rules/name-collisions";
import { showWithoutPlace } from "../../../environment/problem";
import { mistake, testMistakes } from "./mistake";

const taken = (cluster: string, what: string) =>
  mistake(
    "  bravo:",
    `  ${cluster}:`,
    `${cluster}:\n    kind: eks`,
    `clusters.${cluster}: ${cluster} is in the names of ${what}; write another name of a cluster like alpha`,
  );

testMistakes({
  "a cluster named as the mesh's key": taken("mesh", "the mesh's key and launch role"),
  "a cluster named as Consul": taken("consul", "Consul's servers, secrets and snapshots"),
  "a cluster named as the gateways": taken("gateways", "the gateways"),
  "a cluster named as the resolver endpoints": taken("dns", "the resolver endpoints"),
  "a cluster named as the domain's forward rules": taken("domain", "the forward rules of the domain"),
  "workers of a self-managed cluster named as its controllers": mistake(
    "      general:",
    "      controllers:",
    "controllers:\n        scaling",
    "clusters.alpha.workers.controllers: <environment>-alpha-controllers is also the name of controllers of the cluster alpha; " +
      "write another name of a worker group like general",
  ),
  "workers of a self-managed cluster named as a member of etcd": mistake(
    "      general:",
    "      etcd-7:",
    "etcd-7:",
    "<environment>-alpha-etcd-7 is also the name of etcd-7 of the cluster alpha",
  ),
});

const groups = (clusters: Record<string, readonly [kind: string, ...groups: string[]]>) =>
  groupNames({
    clusters: Object.fromEntries(
      Object.entries(clusters).map(([name, [kind, ...groups]]) => [
        name,
        { kind, workers: Object.fromEntries(groups.map((group) => [group, {}])) },
      ]),
    ),
  }).map(showWithoutPlace);

test("two clusters whose names differ by a hyphen's place cannot give two groups one name", () => {
  expect(groups({ a: ["eks", "b-c"], "a-b": ["self-managed", "c"] })).toEqual([
    "clusters.a-b.workers.c: <environment>-a-b-c is also the name of clusters.a.workers.b-c; " +
      "write another name of a worker group like general",
  ]);
});

test("workers of one cluster are not named as the controllers or etcd of another one", () => {
  expect(groups({ a: ["eks", "b-controllers", "b-etcd-0"], "a-b": ["self-managed"] })).toEqual([
    expect.stringContaining("a-b-controllers is also the name of controllers of the cluster a-b"),
    expect.stringContaining("a-b-etcd-0 is also the name of etcd-0 of the cluster a-b"),
  ]);
});

test("a name that only looks like another's is allowed", () => {
  expect(
    groups({
      a: ["eks", "controllers", "etcd-0", "general"],
      b: ["self-managed", "etcd", "controllers-b", "general"],
      "a-c": ["eks", "general"],
    }),
  ).toEqual([]);
});

test.each([
  ["internal", "internal-", "load balancers"],
  ["internal-tools", "internal-", "load balancers"],
  ["sg", "sg-", "security groups"],
  ["sthree", "sthree-", "buckets"],
  ["amzn-s3-demo", "amzn-s3-demo-", "buckets"],
  ["xn--p", "xn--", "buckets"],
])("an environment cannot be named %s", (environment, prefix, what) => {
  expect(environmentName({ environment }).map(showWithoutPlace)).toEqual([
    `environment: AWS refuses names of ${what} that begin with ${prefix}, as those of ${environment} would; ` +
      "write another name like development",
  ]);
});

test.each(["internals", "my-internal", "sgx", "xn", 1])("an environment may be named %s", (environment) => {
  expect(environmentName({ environment })).toEqual([]);
});
