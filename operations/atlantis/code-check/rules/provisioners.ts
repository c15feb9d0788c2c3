import { isObject } from "../../../../environment/json-object";
import { at, type Problem, type Subject } from "../finding";

const REASONS: ReadonlyMap<string, string> = new Map([
  ["provisioner", "a provisioner runs a program where the credentials are"],
  ["connection", "a connection is for provisioners, and logs in where it likes"],
]);

/**
 * Nothing runs programs. Terraform looks for provisioners right in a resource or a `removed` block; a block of that name
 * deeper down is refused as well, while text under it, such as a tag, is only text.
 */
export function* provisioners({ blocks }: Subject): Generator<Problem> {
  for (const section of ["resource", "data", "removed"]) {
    for (const { body, where } of blocks(section)) {
      yield* below(body, where, true);
    }
  }
}

function* below(value: unknown, where: string, direct: boolean): Generator<Problem> {
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) {
      yield* below(each, at(where, index), direct);
    }
  } else if (isObject(value)) {
    for (const [key, each] of Object.entries(value)) {
      const reason = REASONS.get(key);
      if (reason !== undefined && (direct || typeof each === "object")) {
        yield { where: at(where, key), message: `${reason}; leave it out` };
      } else {
        yield* below(each, at(where, key), false);
      }
    }
  }
}
