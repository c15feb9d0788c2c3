import type { Diagnostic } from "../../../../operations/terraform/diagnostics";
import { awaitedStacks } from "../../../../operations/terraform/remote-states";

const CLUSTER = "development-cluster-bravo";
const NETWORK = "development-network";
const state = (stack: string) => ({
  backend: "s3",
  config: { bucket: "example-tfstate", key: `development/${stack}.tfstate`, region: "us-east-1" },
});
const code = {
  data: { terraform_remote_state: { "state-of-cluster": state(CLUSTER), network: state(NETWORK) } },
};
const error = (more: Partial<Diagnostic>): Diagnostic => ({
  summary: "",
  detail: "",
  address: null,
  traversals: [],
  ...more,
});
const noState = (address: string | null) => error({ summary: "Unable to find remote state", address });
const noOutput = (summary: string, ...traversals: string[]) => error({ summary, traversals });

test.each<[string, readonly Diagnostic[], readonly string[]]>([
  ["a state that is not there", [noState("data.terraform_remote_state.state-of-cluster")], [CLUSTER]],
  [
    "an output that its state does not have",
    [noOutput("Unsupported attribute", "data.terraform_remote_state.network.outputs")],
    [NETWORK],
  ],
  [
    "the same in brackets",
    [noOutput("Invalid index", "data.terraform_remote_state.network.outputs")],
    [NETWORK],
  ],
  [
    "several, each of them once",
    [
      noState("data.terraform_remote_state.state-of-cluster"),
      noOutput("Unsupported attribute", "data.terraform_remote_state.network.outputs"),
      noOutput("Unsupported attribute", "data.terraform_remote_state.network.outputs"),
    ],
    [CLUSTER, NETWORK],
  ],
])("waits for %s", (_, errors, stacks) => {
  expect(awaitedStacks(errors, code)).toEqual(stacks);
});

test.each<[string, readonly Diagnostic[]]>([
  ["no error at all", []],
  ["an error beside it", [noState("data.terraform_remote_state.network"), error({ summary: "no such VPC" })]],
  ["a state that no block of the code reads", [noState("data.terraform_remote_state.other")]],
  ["a resource that tells of a missing state", [noState("aws_vpc.main")]],
  ["nobody who tells of it", [noState(null)]],
  ["an attribute that a resource does not have", [noOutput("Unsupported attribute", "aws_vpc.main")]],
  [
    "an attribute within an output",
    [noOutput("Unsupported attribute", "data.terraform_remote_state.network.outputs.zones")],
  ],
  [
    "an expression of which it is only a part",
    [noOutput("Unsupported attribute", "data.terraform_remote_state.network.outputs", "aws_vpc.main")],
  ],
  [
    "a provider that speaks as Terraform does",
    [
      error({
        summary: "Unsupported attribute",
        address: "aws_vpc.main",
        traversals: ["data.terraform_remote_state.network.outputs"],
      }),
    ],
  ],
  [
    "words in a detail",
    [
      error({
        summary: "Invalid value",
        detail: "Unable to find remote state data.terraform_remote_state.network",
      }),
    ],
  ],
])("does not wait, given %s", (_, errors) => {
  expect(awaitedStacks(errors, code)).toEqual([]);
});

test.each([
  ["a block without a key", { data: { terraform_remote_state: { network: { config: {} } } } }],
  [
    "a state of nobody's stack",
    { data: { terraform_remote_state: { network: { config: { key: "a/b/c" } } } } },
  ],
  ["no blocks", {}],
  ["no code", null],
])("does not wait, given %s", (_, other) => {
  expect(awaitedStacks([noState("data.terraform_remote_state.network")], other)).toEqual([]);
});
