import type { Review } from "../model";
import { code } from "./escape";

/** In place of what the budget left no room for. */
export const leftOut = (count: number): string =>
  `… and ${count} more, left out here: \`skyline review --json\` has all.`;

/** Whether one stack alone is under review: its name is said once. */
export const isAlone = ({ stacks }: Review): boolean => stacks.length === 1;

/** Of which stack something is said. */
export const inStack = (stack: string, review: Review): string =>
  isAlone(review) ? "" : ` in ${code(stack)}`;
