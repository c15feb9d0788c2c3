import { parameterPrefixes } from "../../parameters";
import { at, quoted, type Problem, type Subject } from "../finding";

/**
 * Parameters that a plan reads are images and an environment's public facts. The provider decrypts what it reads unless it
 * is told not to, so a SecureString below these paths would be in plans and states, where its reader has it: these paths
 * are for parameters of type String.
 */
export function* parameters({ environment, trusted, blocks }: Subject): Generator<Problem> {
  for (const { labels, body, where } of blocks("data")) {
    if (labels[0] !== "aws_ssm_parameter") continue;
    const { name } = body;
    const prefixes = parameterPrefixes(environment);
    const { parameters: elsewhere = [] } = trusted;
    const plain = typeof name === "string" && /^[\w./-]+(:[\w.-]+)?$/.test(name);
    if (!plain || !(elsewhere.includes(name) || prefixes.some((prefix) => name.startsWith(prefix)))) {
      const others = elsewhere.length === 0 ? "" : `, or one of ${elsewhere.join(", ")}`;
      const message = `is ${quoted(name)}, and must be the name, in full, of a parameter below ${prefixes.join(", ")}${others}; another image's name comes with the trust file of the main branch`;
      yield { where: at(where, "name"), message };
    }
    if (Object.hasOwn(body, "with_decryption") && body.with_decryption !== false) {
      yield {
        where: at(where, "with_decryption"),
        message:
          "must be left out: a plan can read a SecureString with or without it, so keep none below these paths",
      };
    }
  }
}
