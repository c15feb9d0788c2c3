import { isObject } from "../../../../environment/json-object";
import { quoted, type Problem, type Subject } from "../finding";

/** What a stack says of itself to the review is of that stack: exemptions of one are not another's. */
export function* metadata({ stack, environment, code }: Subject): Generator<Problem> {
  const comment = code["//"];
  if (!isObject(comment) || comment.skyline === undefined) {
    return;
  }
  const said = isObject(comment.skyline) ? comment.skyline : {};
  for (const [key, right] of Object.entries({ environment, stack })) {
    if (said[key] !== right) {
      yield { where: `//.skyline.${key}`, message: `is ${quoted(said[key])}, and must be ${right}` };
    }
  }
}
