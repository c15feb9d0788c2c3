import { tagKeys } from "../../../../environment/naming";
import { at, quoted, type Problem, type Subject } from "../finding";
import { differences, isLiteralMap, oneBlock } from "../shape";

/**
 * The AWS provider is the environment's: its region, its account alone, its tags. An endpoint, a proxy, a profile or a
 * role would take the server's credentials elsewhere, or others in their place.
 */
export function* awsProvider({ stack, environment, trusted, blocks }: Subject): Generator<Problem> {
  const what = `the AWS provider of ${environment}`;
  const tags = (value: unknown, where: string) => wrongTags(value, where, environment, stack);
  for (const { labels, body, where } of blocks("provider")) {
    if (labels[0] === "aws") {
      const shape = {
        region: trusted.region,
        allowed_account_ids: [trusted.account],
        default_tags: oneBlock({ tags }, what),
      };
      yield* differences(body, where, shape, what);
    }
  }
}

function* wrongTags(value: unknown, where: string, environment: string, stack: string): Generator<Problem> {
  if (!isLiteralMap(value)) {
    yield { where, message: "must be tags whose keys and values are plain text, and no expressions" };
    return;
  }
  const expected = { [tagKeys.environment]: environment, "skyline:stack": stack };
  for (const [key, right] of Object.entries(expected)) {
    const found = Object.hasOwn(value, key) ? value[key] : undefined;
    if (found !== right) {
      yield { where: at(where, key), message: `is ${quoted(found)}, and must be ${right}` };
    }
  }
}
