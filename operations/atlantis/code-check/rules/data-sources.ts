import { quoted, type Problem, type Subject } from "../finding";

const REASONS: ReadonlyMap<string, string> = new Map([
  ["external", "it runs a program at each plan, before anybody has reviewed it"],
  ["http", "it asks any server at each plan, and tells it what the code likes"],
]);

/** Data sources are read at each plan, before anybody has reviewed anything: only those of the trust file are. */
export function* dataSources({ trust, blocks }: Subject): Generator<Problem> {
  for (const { labels, where } of blocks("data")) {
    const [type = ""] = labels;
    if (type !== "terraform_remote_state" && !trust.dataSources.includes(type)) {
      const reason = REASONS.get(type) ?? "a plan reads it before anybody has reviewed it";
      yield {
        where,
        message: `${quoted(type)} is none of the server's data sources (${trust.dataSources.join(", ")}): ${reason}`,
      };
    }
  }
}
