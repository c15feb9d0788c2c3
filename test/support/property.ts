/**
 * Seed of the property tests: the same in each run, so that a run that fails is one that can be run again. To look
 * further: SKYLINE_SEED=$RANDOM npm run test:unit.
 */
export const seed = Number(process.env.SKYLINE_SEED ?? 1);

/** Numbers from 0 to 1 (mulberry32): the same for a start, however the test runs. */
export function randomNumbers(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
