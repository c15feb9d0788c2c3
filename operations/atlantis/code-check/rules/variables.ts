import { at, type Problem, type Subject } from "../finding";

/** Variables have their values in the code: nothing on the server sets one, and Terraform would wait for an answer. */
export function* variables({ blocks }: Subject): Generator<Problem> {
  for (const { body, where } of blocks("variable")) {
    if (!Object.hasOwn(body, "default")) {
      yield { where: at(where, "default"), message: "must be there: the server sets no variable" };
    }
  }
}
