import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import {
  DataTerraformRemoteStateLocal,
  DataTerraformRemoteStateS3,
  LocalBackend,
  S3Backend,
  TerraformOutput,
  TerraformStack,
  type TerraformRemoteState,
} from "cdktf";
import type { Construct } from "constructs";
import { stateKey, tagKeys } from "../environment/naming";
import type { Environment } from "../environment/schema";
import { describeStack } from "../environment/stack-metadata";
import { exemptionsOfStack, policyOf } from "./policy";

/**
 * What every stack of an environment has: a state of its own, in the environment's bucket with a lock file and
 * encryption, or in a local file when the environment names no bucket.
 */
export class BaseStack extends TerraformStack {
  readonly stackName: string;

  constructor(
    scope: Construct,
    name: string,
    readonly environment: Environment,
  ) {
    super(scope, name);
    this.stackName = name;
    policyOf(this).add(this);
    const { state } = environment;
    if (state === undefined) {
      new LocalBackend(this, { path: localState(name) });
    } else {
      const backend = new S3Backend(this, {
        bucket: state.bucket,
        key: stateKey(environment.environment, name),
        region: state.region,
        encrypt: true,
      });
      // cdktf 0.21 has no property for it; a lock file needs no table in DynamoDB.
      backend.addOverride("use_lockfile", true);
    }
  }

  /** The stack's code, which the policy sees as well: also what users of these stacks add to them. */
  override toTerraform(): Record<string, unknown> {
    const code = super.toTerraform() as Record<string, unknown>;
    policyOf(this).check(this, code);
    return describeStack(code, {
      environment: this.environment.environment,
      stack: this.stackName,
      exemptions: exemptionsOfStack(this),
    });
  }

  /** The AWS provider: refuses another account than the environment's, and tags all that it makes. */
  protected useAws(tags: Readonly<Record<string, string>> = {}): void {
    new AwsProvider(this, "aws", {
      region: this.environment.region,
      allowedAccountIds: [this.environment.account],
      defaultTags: [
        {
          tags: {
            [tagKeys.environment]: this.environment.environment,
            "skyline:stack": this.stackName,
            "skyline:managed-by": "terraform",
            ...tags,
          },
        },
      ],
    });
  }

  /** An output whose name is part of the contract with other stacks and with people: it is not derived from ids. */
  protected publish(name: string, value: unknown, description: string): void {
    const output = new TerraformOutput(this, `output-${name}`, { value, description });
    output.overrideLogicalId(name);
  }

  /** What another stack of this environment has published. */
  protected outputsOf(stack: string): TerraformRemoteState {
    const { state } = this.environment;
    const id = `state-of-${stack}`;
    return state === undefined
      ? new DataTerraformRemoteStateLocal(this, id, { path: localState(stack) })
      : new DataTerraformRemoteStateS3(this, id, {
          bucket: state.bucket,
          key: stateKey(this.environment.environment, stack),
          region: state.region,
        });
  }
}

/** Beside cdktf.json, as Terraform runs in cdktf.out/stacks/<name>: the synthesized code is the same on each machine. */
const localState = (stack: string) => `../../../terraform.${stack}.tfstate`;
