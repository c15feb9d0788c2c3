import { isObject } from "../json-object";
import { blocks, type Resource, type Surroundings, type Values } from "./resource";

/** What is known of a stack beside its code. */
export interface StackFacts extends Pick<Surroundings, "environment" | "deployer"> {
  /** Whether the resource at an address has tags. Asked only where the provider has no default ones. */
  readonly hasTags: (address: string) => boolean;
}

/** What the checks read, from a stack's Terraform JSON. */
export function surroundingsOf(code: Values, { environment, deployer, hasTags }: StackFacts): Surroundings {
  const tagsOfProvider = providerTags(code);
  return {
    environment,
    deployer,
    resources: [...resourcesIn(code.resource, ""), ...resourcesIn(code.data, "data.")],
    defaultTags: ({ values }) =>
      tagsOfProvider.get(typeof values.provider === "string" ? values.provider : "aws") ?? {},
    hasTags: ({ address }) => hasTags(address),
  };
}

const resourcesIn = (types: unknown, prefix: string): Resource[] =>
  Object.entries(isObject(types) ? types : {}).flatMap(([type, named]) =>
    Object.entries(isObject(named) ? named : {})
      .filter((entry): entry is [string, Values] => isObject(entry[1]))
      .map(([name, values]) => ({ address: `${prefix}${type}.${name}`, type, values })),
  );

/** Default tags by the name that resources call a provider: `aws`, or `aws.<alias>`. */
function providerTags(code: Values): Map<string, Values> {
  const providers = isObject(code.provider) ? blocks(code.provider, "aws") : [];
  return new Map(
    providers.map((provider) => [
      typeof provider.alias === "string" ? `aws.${provider.alias}` : "aws",
      Object.assign({}, ...blocks(provider, "default_tags").map(({ tags }) => tags)) as Values,
    ]),
  );
}
