import { isObject } from "../../../../environment/json-object";
import { at, quoted, type Problem, type Subject } from "../finding";
import { blocksBelow } from "../document";

/** Built into Terraform itself; its other resources and data sources are refused, or judged by a rule of their own. */
const BUILT_IN_RESOURCES: readonly string[] = ["terraform_data"];

/**
 * Providers are programs that Terraform downloads and gives its credentials to. Those of the trust file are declared by
 * their own names at the very versions, and nothing uses another.
 */
export function* providers(subject: Subject): Generator<Problem> {
  const declared = new Set<string>();
  for (const { body, where } of subject.blocks("terraform")) {
    if (Object.hasOwn(body, "required_providers")) {
      for (const block of blocksBelow(body.required_providers, 0, at(where, "required_providers"))) {
        for (const [name, value] of Object.entries(block.body)) {
          declared.add(name);
          yield* wrongRequirement(subject, name, value, at(block.where, name));
        }
      }
    }
  }
  const needed = providerOf(subject);
  // What a server does not trust, no stack has ever applied there.
  if (Object.hasOwn(subject.trust.providers, fullSource(needed)) && !declared.has(needed)) {
    const message = `the stack must declare ${needed}: without it Terraform takes any version for what the state has`;
    yield { where: "terraform.required_providers", message };
  }
  yield* configurations(subject, declared);
  yield* uses(subject, declared);
}

/** Name of the provider that a stack has in any case: also the empty stack of a removed cluster. */
const providerOf = ({ stack, environment }: Subject) =>
  stack.startsWith(`${environment}-platform-`) ? "kubernetes" : "aws";

function* wrongRequirement(
  { trust }: Subject,
  name: string,
  value: unknown,
  where: string,
): Generator<Problem> {
  if (!isObject(value) || typeof value.source !== "string" || typeof value.version !== "string") {
    yield { where, message: "must have a source and a version, as synth writes them" };
    return;
  }
  for (const key of Object.keys(value).filter((each) => each !== "source" && each !== "version")) {
    yield { where: at(where, key), message: `${quoted(key)} is nothing that a stack's providers need` };
  }
  const source = fullSource(value.source);
  const version = Object.hasOwn(trust.providers, source) ? trust.providers[source] : undefined;
  if (version === undefined) {
    const known = Object.keys(trust.providers).join(", ");
    yield {
      where: at(where, "source"),
      message: `${quoted(value.source)} is none of the server's providers: ${known}`,
    };
  } else if (value.version !== version) {
    yield {
      where: at(where, "version"),
      message: `is ${quoted(value.version)}, and the server takes ${version}`,
    };
  } else if (name !== source.slice(source.lastIndexOf("/") + 1)) {
    yield { where, message: `calls ${source} by another name than its own` };
  }
}

/** `aws`, `HashiCorp/AWS` and `registry.terraform.io/hashicorp/aws` are one provider to Terraform. */
function fullSource(source: string): string {
  const parts = source.toLowerCase().split("/");
  const defaults = ["registry.terraform.io", "hashicorp"];
  return [...defaults.slice(0, Math.max(0, 3 - parts.length)), ...parts].join("/");
}

/** One configuration a provider: without one Terraform takes whatever the server's environment says. */
function* configurations({ blocks }: Subject, declared: ReadonlySet<string>): Generator<Problem> {
  const found = blocks("provider");
  for (const name of declared) {
    const count = found.filter(({ labels }) => labels[0] === name).length;
    if (count !== 1) {
      yield {
        where: at("provider", name),
        message: `there must be one configuration, and there are ${count}`,
      };
    }
  }
  for (const { labels, body, where } of found) {
    const [name = ""] = labels;
    if (!declared.has(name)) {
      yield { where, message: "configures a provider that is not declared" };
    } else if (!CONFIGURED.includes(name) && Object.keys(body).some((key) => key !== "//")) {
      yield { where, message: "configures a provider of which nobody has said how; leave its settings out" };
    }
  }
}

/** These have rules of their own. */
const CONFIGURED: readonly string[] = ["aws", "kubernetes"];

/** A type's first word is its provider, unless `provider` names another: either makes Terraform download one. */
function* uses({ blocks }: Subject, declared: ReadonlySet<string>): Generator<Problem> {
  for (const section of ["resource", "data"]) {
    for (const { labels, body, where } of blocks(section)) {
      const [type = ""] = labels;
      const [own = ""] = type.split("_");
      const builtIn = section === "data" ? own === "terraform" : BUILT_IN_RESOURCES.includes(type);
      if (!builtIn && !declared.has(own)) {
        yield { where, message: `${quoted(type)} is of a provider that the stack does not declare` };
      }
      if (Object.hasOwn(body, "provider") && body.provider !== own) {
        yield { where: at(where, "provider"), message: `is ${quoted(body.provider)}, and must be left out` };
      }
    }
  }
  for (const { body, where } of blocks("import")) {
    if (Object.hasOwn(body, "provider")) {
      yield { where: at(where, "provider"), message: `is ${quoted(body.provider)}, and must be left out` };
    }
  }
}
