import {
  readExpected,
  removedAddresses,
  render,
  scenarios,
  synthesizeScenario,
  writeExpected,
} from "../support/scenario";

// `npm run goldens` writes what comes out now; a person then reads the diff.
const mode = process.env.SKYLINE_GOLDENS;

describe.each(scenarios())("scenario %s", (scenario) => {
  const files = render(scenario);
  if (mode !== undefined) {
    test("is written", () => writeExpected(scenario, files, mode === "allow-removed"));
    return;
  }

  test("no address is gone", () => {
    expect(removedAddresses(scenario, files)).toEqual([]);
  });

  test("the files that come out are the expected ones", () => {
    expect([...files.keys()].sort()).toEqual([...readExpected(scenario).keys()].sort());
  });

  test.each([...files.keys()])("%s is as expected", (file) => {
    expect(files.get(file)).toBe(readExpected(scenario).get(file));
  });

  test("is the same when synthesized again", () => {
    expect(render(scenario)).toEqual(files);
  });
});

test("given a second cluster, nothing of the first one's stacks changes", () => {
  const one = synthesizeScenario("one-eks-cluster");
  const two = synthesizeScenario("two-eks-clusters");
  expect(Object.keys(two)).toHaveLength(Object.keys(one).length + 2);
  for (const [name, stack] of Object.entries(one)) {
    expect(two[name]?.code).toEqual(stack.code);
  }
});

test("a removed cluster's stacks hold backend, provider and nothing to build", () => {
  const stacks = synthesizeScenario("removed-cluster");
  for (const name of ["removed-cluster-cluster-alpha", "removed-cluster-platform-alpha"]) {
    const code = stacks[name]?.code ?? {};
    expect(code.resource).toBeUndefined();
    expect(code.output).toBeUndefined();
    expect(code.provider).toBeDefined();
    expect(code.terraform).toHaveProperty("backend");
  }
});

test("a retiring cluster is not protected from destruction, an active one is", () => {
  const stacks = synthesizeScenario("removed-cluster");
  const protectedFromDestroy = (name: string) =>
    stacks[`removed-cluster-cluster-${name}`]?.only("aws_eks_cluster").lifecycle;
  expect(protectedFromDestroy("bravo")).toEqual({ prevent_destroy: true });
  expect(protectedFromDestroy("charlie")).toEqual({ prevent_destroy: false });
});
