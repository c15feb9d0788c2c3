import { textsOf } from "../document";
import type { Problem, Subject } from "../finding";
import { readTemplate } from "../template";

const TYPE = "terraform_data";

/**
 * The output of a terraform_data is whatever the code puts into it, and unknown to a plan that makes it: by that way a
 * resource would have a value, an open network say, that neither the policy nor people have seen. Another terraform_data
 * may have it, and an output of the stack; no resource, and nothing that a resource could have it from.
 */
export function* terraformData({ code, blocks }: Subject): Generator<Problem> {
  const others = ["resource", "data"].flatMap((section) =>
    blocks(section).filter(({ labels }) => section === "data" || labels[0] !== TYPE),
  );
  const rest = Object.entries(code).filter(([section]) => !["resource", "data", "output"].includes(section));
  const places = [
    ...others.map(({ body, where }) => [body, where] as const),
    ...rest.map(([section, value]) => [value, section] as const),
  ];
  for (const [value, place] of places) {
    for (const { text, where } of textsOf(value, place)) {
      if (readTemplate(text).names.has(TYPE)) {
        yield {
          where,
          message: "has a value of a terraform_data, which no plan shows beforehand; write the value itself",
        };
      }
    }
  }
}
