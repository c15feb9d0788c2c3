/** What is asked for, as [what, what AWS tells, what the environment wants]. */
export type Expectation = readonly [what: string, got: unknown, want: unknown];

/** Every expectation that does not hold, in words. */
export const unmet = (expectations: readonly Expectation[]): string[] =>
  expectations
    .filter(([, got, want]) => got !== want)
    .map(([what, got, want]) => `${what} is ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
