import { synthesize } from "skyline/testing";
import { environment } from "./environment";
import { addStacks } from "./stacks";

const stacks = synthesize((app) => addStacks(app, environment));

test("the cluster is in the network that was there", () => {
  expect(stacks["consumer-cluster-alpha"]?.only("aws_eks_cluster")).toMatchObject({
    name: "consumer-alpha",
    vpc_config: { subnet_ids: ["subnet-0a", "subnet-0b", "subnet-0c"], endpoint_public_access: false },
  });
  expect(stacks["consumer-cluster-alpha"]?.all("aws_vpc")).toEqual([]);
});

test("the bridge is on every worker", () => {
  expect(stacks["consumer-platform-alpha"]?.only("kubernetes_daemon_set_v1")).toMatchObject({
    metadata: { name: "skyline-bridge" },
  });
});
