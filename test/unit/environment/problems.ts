import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidEnvironmentError } from "../../../environment/invalid";
import { parseEnvironment } from "../../../environment/load";

const root = join(__dirname, "..", "..", "..");

/** The environment that the project comes with. */
export const developmentFile = join(root, "environments", "development.yaml");

export const fixture = (name: string) => join(root, "test", "fixtures", "environments", `${name}.yaml`);

/** Text of the fixture in which every key is there once. */
export const complete = readFileSync(fixture("complete"), "utf8");

/** Lines of the error that an environment's text makes; none when it is valid. Any other error goes through. */
export function problems(text: string, file = "complete.yaml"): readonly string[] {
  try {
    parseEnvironment(text, file);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidEnvironmentError)) {
      throw error;
    }
    return error.lines;
  }
}

/** Replaces what is in the text exactly once, so that a test cannot pass by changing nothing. */
export function edit(text: string, before: string, after: string): string {
  const parts = text.split(before);
  if (parts.length !== 2) {
    throw new Error(`${JSON.stringify(before)} is in the text ${parts.length - 1} times`);
  }
  return parts.join(after);
}

/** `line:column` of what is in the text once. */
export function positionOf(text: string, part: string): string {
  edit(text, part, "");
  const before = text.slice(0, text.indexOf(part)).split("\n");
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}
