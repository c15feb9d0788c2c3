import { TerraformResource, type TerraformStack } from "cdktf";
import type { IConstruct, IValidation } from "constructs";
import { exemptionsIn } from "../constructs/policy/exempt";
import { checkPolicy } from "../environment/policy/check-policy";
import { exempted, PolicyError, type Exemption, type FindingInStack } from "../environment/policy/exemptions";
import { surroundingsOf } from "../environment/policy/synthesized";
import type { Values } from "../environment/policy/resource";
import { stacksOfEnvironment } from "../environment/naming";
import type { Environment } from "../environment/schema";

/** A stack that the policy is for. */
export interface CheckedStack extends TerraformStack {
  readonly stackName: string;
  readonly environment: Environment;
}

const policies = new WeakMap<IConstruct, Policy>();

/** The policy of the app that a stack is in. */
export function policyOf(stack: CheckedStack): Policy {
  const { root } = stack.node;
  const policy = policies.get(root) ?? new Policy();
  if (!policies.has(root)) {
    policies.set(root, policy);
    root.node.addValidation(policy);
  }
  return policy;
}

/**
 * Checks each stack as it is synthesized, from the code that is there anyway, and tells the findings of all stacks at
 * once when the app is.
 */
export class Policy implements IValidation {
  private readonly stacks = new Map<CheckedStack, FindingInStack[] | undefined>();

  add(stack: CheckedStack): void {
    this.stacks.set(stack, undefined);
  }

  check(stack: CheckedStack, code: Values): void {
    const findings = checkPolicy(
      surroundingsOf(code, {
        environment: stack.environment.environment,
        deployer: stack.environment.access.deployer,
        hasTags: tagged(stack),
      }),
    );
    this.stacks.set(
      stack,
      findings.map((finding) => ({ ...finding, stack: stack.stackName })),
    );
  }

  /** @throws PolicyError with all findings that nobody has exempted, and all exemptions that are for nothing */
  validate(): string[] {
    const stacks = [...this.stacks.keys()];
    const findings = stacks.flatMap((stack) => {
      if (this.stacks.get(stack) === undefined) {
        // Written as HCL, which is another way through cdktf.
        stack.toTerraform();
      }
      return this.stacks.get(stack) ?? [];
    });
    const environments = new Set(stacks.map(({ environment }) => environment));
    const result = exempted(findings, [
      ...stacks.flatMap(exemptionsIn),
      ...[...environments].flatMap((environment) => exemptionsOf(environment, stacks)),
    ]);
    if (result.findings.length + result.unused.length > 0) {
      throw new PolicyError(result);
    }
    return [];
  }
}

/** Exemptions of one stack's resources, of its code and of its environment's file. */
export function exemptionsOfStack(stack: CheckedStack): Exemption[] {
  const { exemptions } = stack.environment.policy;
  return [
    ...exemptionsIn(stack),
    ...exemptions.map((exemption): Exemption => ({ ...exemption, source: "file" })),
  ].filter(({ resource }) => resource.startsWith(`${stack.stackName}/`));
}

/** Exemptions in an environment's file, but for those of its stacks that a part of the app leaves out. */
function exemptionsOf(environment: Environment, stacks: readonly CheckedStack[]): Exemption[] {
  const { environment: name, clusters, policy } = environment;
  const absent = stacksOfEnvironment(name, clusters).filter(
    (stack) => !stacks.some(({ stackName }) => stackName === stack),
  );
  return policy.exemptions
    .filter(({ resource }) => !absent.includes(resource.slice(0, resource.indexOf("/"))))
    .map((exemption) => ({ ...exemption, source: "file" }));
}

/** Whether the resource at an address has tags: its class then has an accessor for them. */
function tagged(stack: TerraformStack): (address: string) => boolean {
  let addresses: Set<string> | undefined;
  return (address) => {
    addresses ??= new Set(
      stack.node
        .findAll()
        .filter((element): element is TerraformResource => TerraformResource.isTerraformResource(element))
        .filter((resource) => "tagsInput" in resource)
        .map((resource) => `${resource.terraformResourceType}.${resource.friendlyUniqueId}`),
    );
    return addresses.has(address);
  };
}
