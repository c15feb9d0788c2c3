import type { Bundle } from "../bundle/format";
import type { Trust } from "../trust";
import { checkCode } from "./check";
import type { Finding } from "./finding";

/** What the code of a bundle's stacks must not hold, of all of them at once. */
export const checkBundle = ({ stacks }: Bundle, trust: Trust): Finding[] =>
  Object.entries(stacks).flatMap(([name, { code }]) => checkCode(name, code, trust));
