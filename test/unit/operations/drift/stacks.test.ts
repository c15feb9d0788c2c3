import { Reader } from "../../../../operations/drift/reading";
import { lookAtStacks, type StacksRequest } from "../../../../operations/drift/stacks";
import { OperationFailure } from "../../../../operations/failure";

const never = new AbortController().signal;

const stack = (name: string, dependencies: readonly string[], providers = ["aws"]) => ({
  ...{ name, dependencies, providers, folder: `/nowhere/${name}`, resources: 1 },
});
const stacks = [
  stack("development-network", []),
  stack("development-cluster-alpha", ["development-network"]),
  stack("development-platform-alpha", ["development-cluster-alpha"], ["kubernetes"]),
];

/** None of these stacks has code, so that one that is looked at is unknown. */
const look = async (states: Readonly<Record<string, number>> | null, platforms = true) => {
  const summaries =
    states === null
      ? null
      : new Map(Object.entries(states).map(([name, resources]) => [name, { resources, role: null }]));
  const request: StacksRequest = {
    ...{ stacks, platforms, reader: new Reader(never, never), report: () => undefined },
    states: { summaries, whereOf: (name) => name, notes: [], unknown: [] },
    terraform: {
      folder: () => Promise.reject(new OperationFailure("refused", "no Terraform here")),
      run: () => Promise.resolve(""),
      end: () => Promise.resolve({ code: 0, stdout: "", stderr: "" }),
    },
  };
  const { stacks: looked, unknown } = await lookAtStacks(request);
  return { states: looked.map(({ state, waitsFor }) => waitsFor ?? state), unknown };
};

test("a stack whose dependency has no state waits for it; one that stands is looked at all the same", async () => {
  expect((await look({ "development-network": 5 })).states).toEqual([
    "unknown",
    "unknown",
    "development-cluster-alpha",
  ]);
  expect((await look({ "development-platform-alpha": 5 })).states).toEqual([
    "unknown",
    "development-network",
    "unknown",
  ]);
});

test("when nobody could list the states, then each stack is looked at", async () => {
  expect((await look(null)).states).toEqual(["unknown", "unknown", "unknown"]);
});

test("platforms are left out when nobody wants them, and are no unknown then", async () => {
  const { states, unknown } = await look(null, false);
  expect(states).toEqual(["unknown", "unknown", "left-out"]);
  expect(unknown.map(({ what }) => what)).toEqual([
    "stack development-network",
    "stack development-cluster-alpha",
  ]);
});
