import { complete, edit, positionOf, problems } from "./problems";

/** What is changed in the complete environment, and the problem that this must make: where, and its words. */
export interface Mistake {
  readonly from: string;
  readonly to: string;
  /** Text at whose start the problem is, in the changed environment. */
  readonly at: string;
  readonly says: readonly string[];
}

export const mistake = (from: string, to: string, at: string, ...says: readonly string[]): Mistake => ({
  from,
  to,
  at,
  says,
});

/** A test for each: the mistake is one problem, at its place, in these words. */
export function testMistakes(mistakes: Readonly<Record<string, Mistake>>): void {
  test.each(Object.entries(mistakes))("%s", (_, { from, to, at, says }) => {
    const text = edit(complete, from, to);
    const lines = problems(text);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(new RegExp(`^complete\\.yaml:${positionOf(text, at)} {2}\\S`));
    says.forEach((words) => expect(lines[0]).toContain(words));
  });
}
