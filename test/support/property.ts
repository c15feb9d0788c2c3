/**
 * Seed of the property tests: the same in each run, so that a run that fails is one that can be run again. To look
 * further: SKYLINE_SEED=$RANDOM npm run test:unit.
 */
export const seed = Number(process.env.SKYLINE_SEED ?? 1);
