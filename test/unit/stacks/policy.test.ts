import { App, TerraformStack } from "cdktf";
import { EbsVolume } from "@cdktf/provider-aws/lib/ebs-volume";
import { Lb } from "@cdktf/provider-aws/lib/lb";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { Route } from "@cdktf/provider-aws/lib/route";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { exempt } from "../../../constructs/policy/exempt";
import { defineEnvironment } from "../../../environment/define";
import { PolicyError } from "../../../environment/policy/exemptions";
import type { EnvironmentInput } from "../../../environment/schema";
import { BaseStack } from "../../../stacks/base-stack";
import { NetworkStack } from "../../../stacks/network-stack";
import { exampleEnvironment, synthesize } from "../../../testing";

type Exemptions = NonNullable<NonNullable<EnvironmentInput["policy"]>["exemptions"]>;

const environment = (exemptions: Exemptions = []) =>
  defineEnvironment({ ...exampleEnvironment(), policy: { exemptions } });

class OwnStack extends BaseStack {
  constructor(app: App, name: string, build: (stack: OwnStack) => void, exemptions: Exemptions = []) {
    super(app, name, environment(exemptions));
    this.useAws();
    build(this);
  }
}

/** Lines of the error that synth ends with; none when it ends well. */
function refusal(build: (app: App) => void): string[] {
  try {
    synthesize(build);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(PolicyError);
    return (error as PolicyError).message.split("\n");
  }
}

const scratch = (stack: TerraformStack) =>
  new EbsVolume(stack, "scratch", { availabilityZone: "us-east-1a", size: 8 });
const balancer = (stack: TerraformStack) => new Lb(stack, "front", { internal: false });

const UNENCRYPTED =
  "/aws_ebs_volume.scratch  unencrypted-volume: encrypted is not set; write encrypted: true";

test("what a user adds to a stack of Skyline is checked, and all findings of all stacks are told at once", () => {
  const lines = refusal((app) => {
    scratch(new NetworkStack(app, environment()));
    new OwnStack(app, "own", (stack) => {
      scratch(stack);
      balancer(stack);
    });
  });
  expect(lines.slice(0, 3).sort()).toEqual([
    "example-network" + UNENCRYPTED,
    "own" + UNENCRYPTED,
    "own/aws_lb.front  public-endpoint: internal is false, so it faces the internet; write internal: true",
  ]);
  expect(lines.slice(3).join("\n")).toContain('exempt(resource, { check: "…", reason: "…" })');
});

test("stacks that are none of Skyline's are none of its business", () => {
  expect(
    refusal((app) => {
      const stack = new TerraformStack(app, "foreign");
      new AwsProvider(stack, "aws", {});
      scratch(stack);
    }),
  ).toEqual([]);
});

test("an exemption beside the resource is for that check alone", () => {
  const both = (stack: TerraformStack) => {
    const group = new SecurityGroup(stack, "group", {
      ingress: [{ cidrBlocks: ["0.0.0.0/0"], protocol: "tcp", fromPort: 80, toPort: 80 }],
    });
    exempt(group, { check: "open-ingress", reason: "Redirects to the status page" });
    exempt(scratch(stack), { check: "unencrypted-volume", reason: "Holds public data" });
  };
  expect(refusal((app) => new OwnStack(app, "own", both))).toEqual([]);
  expect(
    refusal(
      (app) =>
        new OwnStack(app, "own", (stack) => exempt(balancer(stack), { check: "open-ingress", reason: "x" })),
    ),
  ).toEqual([
    expect.stringContaining("own/aws_lb.front  public-endpoint: "),
    "own/aws_lb.front  open-ingress: the exemption in the code is for nothing that was found; take it out",
    ...Array<unknown>(4).fill(expect.any(String)),
  ]);
});

test("an exemption wants a reason", () => {
  const build = (stack: TerraformStack) =>
    exempt(scratch(stack), { check: "unencrypted-volume", reason: " " });
  expect(() => synthesize((app) => new OwnStack(app, "own", build))).toThrow(
    "the exemption of own/scratch from unencrypted-volume has no reason; write one",
  );
});

const exemption = (resource: string) =>
  ({ check: "unencrypted-volume", resource, reason: "Holds public data", owner: "platform-team" }) as const;

test("an exemption in the file is for one resource of one stack", () => {
  expect(
    refusal((app) => new OwnStack(app, "own", scratch, [exemption("own/aws_ebs_volume.scratch")])),
  ).toEqual([]);
});

test.each([
  ["a resource that is right", "own/aws_ebs_volume.other"],
  ["a stack that is not there", "gone/aws_ebs_volume.scratch"],
])("an exemption in the file of %s is told, so that none outlives its reason", (_, resource) => {
  expect(refusal((app) => new OwnStack(app, "own", () => undefined, [exemption(resource)]))).toEqual([
    `${resource}  unencrypted-volume: the exemption in the file is for nothing that was found; take it out`,
  ]);
});

test("an exemption of an environment's stack that a part of the app leaves out is let be", () => {
  const others = ["network", "mesh", "cluster-alpha", "platform-alpha"].map((stack) =>
    exemption(`example-${stack}/aws_ebs_volume.a`),
  );
  expect(refusal((app) => new OwnStack(app, "own", () => undefined, others))).toEqual([]);
  expect(refusal((app) => new NetworkStack(app, environment(others)))).toEqual([
    expect.stringContaining(
      "example-network/aws_ebs_volume.a  unencrypted-volume: the exemption in the file",
    ),
  ]);
});

test("tags are wanted of what has them, where the provider gives none", () => {
  class Untagged extends BaseStack {
    constructor(app: App) {
      super(app, "untagged", environment());
      new AwsProvider(this, "aws", {});
      new Lb(this, "front", { internal: true });
      new Route(this, "route", { routeTableId: "rtb-1", destinationCidrBlock: "0.0.0.0/0" });
    }
  }
  expect(refusal((app) => new Untagged(app))[0]).toBe(
    "untagged/aws_lb.front  missing-tags: no skyline:environment in tags; write skyline:environment: example",
  );
  expect(refusal((app) => new Untagged(app)).filter((line) => line.startsWith("untagged/"))).toHaveLength(1);
});

test("stacks that are written as HCL are checked as well", () => {
  const app = new App({ outdir: "unused", hclOutput: true });
  const stack = new OwnStack(app, "own", scratch);
  stack.toHclTerraform();
  expect(() => app.node.validate()).toThrow(`own${UNENCRYPTED}`);
});

test("a stack says where Terraform reads nothing who exempted what of it, of the code and of the file", () => {
  const app = new App({ outdir: "unused" });
  const stack = new OwnStack(
    app,
    "own",
    (own) => {
      exempt(balancer(own), { check: "public-endpoint", reason: "The status page is for customers" });
      scratch(own);
    },
    [exemption("own/aws_ebs_volume.scratch"), exemption("example-mesh/aws_ebs_volume.other")],
  );
  const code = stack.toTerraform() as { "//": { metadata: unknown; skyline: unknown } };
  expect(code["//"].metadata).toBeDefined();
  expect(code["//"].skyline).toEqual({
    environment: "example",
    stack: "own",
    exemptions: [
      { ...exemption("own/aws_ebs_volume.scratch"), source: "file" },
      {
        check: "public-endpoint",
        resource: "own/aws_lb.front",
        reason: "The status page is for customers",
        source: "code",
      },
    ],
  });
});
