import { at, quoted, type Problem, type Subject } from "../finding";

/** Where what stacks read is kept, none of it secret: AWS' own images, Skyline's, and what the environment publishes. */
const prefixes = (environment: string) => ["/aws/service/", "/skyline/images/", `/skyline/${environment}/`];

/**
 * Parameters that a plan reads are images and an environment's public facts. Terraform hides the value of a secret one,
 * yet a number of instances that goes by it tells it to whoever sees the plan.
 */
export function* parameters({ environment, blocks }: Subject): Generator<Problem> {
  for (const { labels, body, where } of blocks("data")) {
    if (labels[0] !== "aws_ssm_parameter") continue;
    const { name, with_decryption: decrypted = false } = body;
    const allowed = prefixes(environment);
    const plain = typeof name === "string" && /^[\w./-]+(:[\w.-]+)?$/.test(name);
    if (!plain || !allowed.some((prefix) => name.startsWith(prefix))) {
      const message = `is ${quoted(name)}, and must be the name, in full, of a parameter below ${allowed.join(", ")}`;
      yield { where: at(where, "name"), message };
    }
    if (decrypted !== false) {
      yield {
        where: at(where, "with_decryption"),
        message: "must be left out: nothing that stacks read is secret",
      };
    }
  }
}
