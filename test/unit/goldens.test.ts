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

test("given a self-managed cluster beside an EKS one, the shared stacks gain its API's name and nothing else changes", () => {
  const one = synthesizeScenario("one-eks-cluster");
  const two = synthesizeScenario("mixed-clusters");
  const gained = Object.entries(one).flatMap(([name, stack]) => {
    const before = new Set(stack.addresses());
    const { resource, ...rest } = two[name]?.code ?? {};
    expect(resource).toMatchObject(stack.code.resource as object);
    expect({ ...rest, resource: undefined }).toEqual({ ...stack.code, resource: undefined });
    return (two[name]?.addresses() ?? []).filter((address) => !before.has(address));
  });
  expect(gained).toEqual([expect.stringMatching(/^aws_route53_record\.active-api_name_/)]);
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

test("a retiring self-managed cluster is not protected from destruction, an active one is", () => {
  const stacks = synthesizeScenario("self-managed-cluster");
  const protections = (name: string) => {
    const stack = stacks[`self-managed-cluster-${name}`];
    return ["aws_ebs_volume", "aws_s3_bucket", "aws_kms_key"]
      .flatMap((type) => stack?.all(type) ?? [])
      .map(({ lifecycle }) => (lifecycle as { prevent_destroy: boolean }).prevent_destroy)
      .concat(stack?.only("aws_lb").enable_deletion_protection as boolean);
  };
  expect(protections("alpha")).toEqual(Array(6).fill(true));
  expect(protections("zulu")).toEqual(Array(6).fill(false));
});
