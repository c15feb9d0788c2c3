/**
 * Helpers for tests of stacks made with Skyline: `import { synthesize } from "skyline/testing"`. They need no test
 * runner, and compare what Terraform will read: keys are in snake_case.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdktf";
import type { EnvironmentInput } from "../environment/schema";

/** A block of Terraform's JSON. */
export type Block = Readonly<Record<string, unknown>>;

/** What one stack synthesized to. */
export class SynthesizedStack {
  constructor(
    /** The stack's whole Terraform code, without cdktf's own remarks. */
    readonly code: Block,
  ) {}

  /** Addresses of all resources, sorted: `aws_vpc.vpc_3F01`. */
  addresses(): string[] {
    const types = Object.entries((this.code.resource ?? {}) as Record<string, Record<string, unknown>>);
    return types.flatMap(([type, named]) => Object.keys(named).map((name) => `${type}.${name}`)).sort();
  }

  /** All resources of a type, in the order of their names. */
  all(type: string): Block[] {
    const named = ((this.code.resource ?? {}) as Record<string, Record<string, Block>>)[type] ?? {};
    return Object.keys(named)
      .sort()
      .map((name) => named[name] as Block);
  }

  /**
   * The one resource of a type, or the one among several that has these values.
   * @throws Error when there is none or more than one; an assertion about it can then not be green by chance
   */
  only(type: string, having: Block = {}): Block {
    const found = this.all(type).filter((block) =>
      Object.entries(having).every(([key, value]) => JSON.stringify(block[key]) === JSON.stringify(value)),
    );
    const [first] = found;
    if (found.length !== 1 || first === undefined) {
      const what = Object.keys(having).length === 0 ? "" : ` with ${JSON.stringify(having)}`;
      throw new Error(`${found.length} resources of type ${type}${what}, not exactly one`);
    }
    return first;
  }

  /** Values of the outputs by name. */
  outputs(): Record<string, unknown> {
    const outputs = (this.code.output ?? {}) as Record<string, { value: unknown }>;
    return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
  }
}

/**
 * Synthesizes an app with all its validations, as `cdktf synth` does.
 *
 * @param build adds stacks to the app
 * @returns the stacks by name
 * @throws Error when a construct refuses its props, or a validation or annotation reports an error
 */
export function synthesize(build: (app: App) => void): Record<string, SynthesizedStack> {
  const outdir = mkdtempSync(join(tmpdir(), "skyline-synth-"));
  try {
    const app = new App({ outdir });
    build(app);
    app.synth();
    const manifest = JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8")) as {
      stacks: Record<string, { synthesizedStackPath: string }>;
    };
    return Object.fromEntries(
      Object.entries(manifest.stacks).map(([name, { synthesizedStackPath }]) => [
        name,
        new SynthesizedStack(
          withoutRemarks(JSON.parse(readFileSync(join(outdir, synthesizedStackPath), "utf8"))) as Block,
        ),
      ]),
    );
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** A small environment that passes every check, to start a test from: one EKS cluster `alpha`, no state bucket. */
export function exampleEnvironment(): EnvironmentInput {
  return {
    environment: "example",
    account: "111111111111",
    region: "us-east-1",
    domain: "example.internal",
    access: {
      admins: ["arn:aws:iam::111111111111:role/platform-admin"],
      deployer: "arn:aws:iam::111111111111:role/atlantis",
    },
    network: { cidr: "10.0.0.0/16", zones: ["us-east-1a", "us-east-1b", "us-east-1c"] },
    mesh: {
      consul: { servers: 3, instanceType: "m7i.large", image: { ssm: "/skyline/images/gateway/latest" } },
      gateways: {
        min: 3,
        max: 9,
        instanceType: "c7i.large",
        image: { ssm: "/skyline/images/gateway/latest" },
      },
    },
    clusters: {
      alpha: {
        kind: "eks",
        role: "active",
        kubernetes: "1.35",
        addOns: {
          "vpc-cni": "v1.20.4-eksbuild.2",
          coredns: "v1.13.1-eksbuild.1",
          "kube-proxy": "v1.35.0-eksbuild.2",
          "eks-pod-identity-agent": "v1.3.10-eksbuild.2",
        },
        workers: {
          general: { scaling: { fixed: 3 }, instanceTypes: ["m7i.xlarge"], image: { al2023: true } },
        },
      },
    },
  };
}

/** cdktf writes paths and versions under the key `//`, which say nothing to Terraform. */
function withoutRemarks(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutRemarks);
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== "//")
        .map(([key, inner]) => [key, withoutRemarks(inner)]),
    );
  }
  return value;
}
