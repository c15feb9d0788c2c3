import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { TerraformStack } from "cdktf";
import { synthesize, type SynthesizedStack } from "../../testing";

/** A stack with nothing in it but the AWS provider and what `build` adds. */
export function inStack(build: (stack: TerraformStack) => void): SynthesizedStack {
  const stacks = synthesize((app) => {
    const stack = new TerraformStack(app, "test");
    new AwsProvider(stack, "aws", { region: "us-east-1" });
    build(stack);
  });
  return stacks.test as SynthesizedStack;
}

/** What a list of resources says of one attribute, for whole-list assertions. */
export const pluck = (blocks: readonly Readonly<Record<string, unknown>>[], key: string) =>
  blocks.map((block) => block[key]);
