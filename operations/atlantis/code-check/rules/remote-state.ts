import { isObject } from "../../../../environment/json-object";
import { stateKey } from "../../../../environment/naming";
import { environmentOf } from "../environment";
import { quoted, type Problem, type Subject } from "../finding";
import { differences, oneBlock } from "../shape";

/** A stack reads the states of its own environment's stacks, from its bucket: other states have other secrets in them. */
export function* remoteState(subject: Subject): Generator<Problem> {
  const { environment, trusted, blocks } = subject;
  const what = `a state of ${environment}`;
  const key = (value: unknown, where: string): Problem[] =>
    stackOfKey(subject, value) === undefined
      ? [
          {
            where,
            message: `is ${quoted(value)}, and must be the key of ${what}: ${stateKey(environment, "<stack>")}`,
          },
        ]
      : [];
  const config = oneBlock({ bucket: trusted.backend.bucket, key, region: trusted.backend.region }, what);
  for (const { labels, body, where } of blocks("data")) {
    if (labels[0] === "terraform_remote_state") {
      yield* differences(body, where, { backend: "s3", config }, what);
    }
  }
}

/** Stacks whose states are read, by the names under which they are. */
export function statesRead(subject: Subject): ReadonlyMap<string, string> {
  const states = new Map<string, string>();
  for (const { labels, body } of subject.blocks("data")) {
    const [type, name = ""] = labels;
    const stack = isObject(body.config) ? stackOfKey(subject, body.config.key) : undefined;
    if (type === "terraform_remote_state" && stack !== undefined) {
      states.set(name, stack);
    }
  }
  return states;
}

function stackOfKey({ environment, trust }: Subject, key: unknown): string | undefined {
  const [, stack = ""] = /^[^/]+\/([^/]+)\.tfstate$/.exec(typeof key === "string" ? key : "") ?? [];
  return environmentOf(stack, trust)?.environment === environment && key === stateKey(environment, stack)
    ? stack
    : undefined;
}
