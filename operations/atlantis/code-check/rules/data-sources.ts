import { at, quoted, type Problem, type Subject } from "../finding";

const REASONS: ReadonlyMap<string, string> = new Map([
  ["external", "it runs a program at each plan, before anybody has reviewed it"],
  ["http", "it asks any server at each plan, and tells it what the code likes"],
]);

const HINT = "list it under dataSources in atlantis/settings.yaml, generate, and deploy the trust file";

/**
 * Data sources are read at each plan, before anybody has reviewed anything: only those of the trust file are. One that
 * waits for a resource is read at the apply instead, and the review would not see what it says.
 */
export function* dataSources({ trust, blocks }: Subject): Generator<Problem> {
  for (const { labels, body, where } of blocks("data")) {
    const [type = ""] = labels;
    if (type !== "terraform_remote_state" && !trust.dataSources.includes(type)) {
      const reason = REASONS.get(type) ?? `a plan reads it before anybody has reviewed it; ${HINT}`;
      yield {
        where,
        message: `${quoted(type)} is none of the server's data sources (${trust.dataSources.join(", ")}): ${reason}`,
      };
    }
    if (Object.hasOwn(body, "depends_on") && type !== "terraform_remote_state") {
      yield {
        where: at(where, "depends_on"),
        message: "makes an apply read it, after the review; leave it out, and refer to what it needs",
      };
    }
  }
}
