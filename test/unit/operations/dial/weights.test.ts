import fc from "fast-check";
import {
  asArguments,
  moved,
  normal,
  sameWeights,
  shifted,
  weightOf,
  wrongWeights,
  type Weights,
} from "../../../../operations/dial/weights";
import { seed } from "../../../support/property";

const names = ["alpha", "bravo", "charlie", "constructor"];
/** Any weights: three cuts of 0 to 100. */
const anyWeights = fc
  .tuple(fc.nat(100), fc.nat(100), fc.nat(100))
  .map((cuts) => [0, ...cuts.sort((a, b) => a - b), 100])
  .map((cuts) => Object.fromEntries(names.map((name, at) => [name, (cuts[at + 1] ?? 0) - (cuts[at] ?? 0)])));

describe("what is no weights", () => {
  test.each([
    [null, "weights is null and no object"],
    [[100], "weights is [100] and no object"],
    [{}, "the sum of the weights is 0, and not 100"],
    [{ alpha: 99 }, "the sum of the weights is 99, and not 100"],
    [{ alpha: 99.5, bravo: 0.5 }, "the weight of alpha is 99.5, and not a whole number from 0 to 100"],
    [{ alpha: 101, bravo: -1 }, "the weight of alpha is 101, and not a whole number from 0 to 100"],
    [{ alpha: "100" }, 'the weight of alpha is "100", and not a whole number from 0 to 100'],
    [{ Alpha: 100 }, '"Alpha" is no name of a cluster'],
    [JSON.parse('{"__proto__": 100}'), '"__proto__" is no name of a cluster'],
  ])("%j", (value, why) => {
    expect(wrongWeights(value)).toBe(why);
  });

  test("zeros are fine, and are left out where weights are written", () => {
    const weights = { bravo: 100, alpha: 0 };
    expect(wrongWeights(weights)).toBeUndefined();
    expect(normal(weights)).toEqual({ bravo: 100 });
    expect(sameWeights(weights, { bravo: 100 })).toBe(true);
    expect(asArguments({ bravo: 25, alpha: 75 })).toBe("alpha=75 bravo=25");
  });
});

describe("a share for one cluster", () => {
  test.each<[Weights, string, number, Weights]>([
    [{ alpha: 100 }, "bravo", 1, { alpha: 99, bravo: 1 }],
    [{ alpha: 99, bravo: 1 }, "bravo", 100, { bravo: 100 }],
    [{ alpha: 50, bravo: 50 }, "charlie", 25, { alpha: 38, bravo: 37, charlie: 25 }],
    [{ alpha: 60, bravo: 30, charlie: 10 }, "charlie", 40, { alpha: 40, bravo: 20, charlie: 40 }],
    [{ alpha: 75, bravo: 25 }, "bravo", 0, { alpha: 100 }],
  ])("%j, %s to %d: %j", (from, to, share, expected) => {
    expect(shifted(from, to, share)).toEqual(expected);
  });

  test("is refused when nobody could take the rest", () => {
    expect(() => shifted({ alpha: 100 }, "alpha", 75)).toThrow("nobody would take the 25 points");
    expect(() => shifted({ alpha: 100 }, "bravo", 0.5)).toThrow("0.5 is no whole number");
  });

  test("the sum is 100, in whole numbers, and the others keep their proportions within a point", () => {
    fc.assert(
      fc.property(anyWeights, fc.constantFrom(...names), fc.nat(100), (from, to, share) => {
        fc.pre(weightOf(from, to) < 100);
        const after = shifted(from, to, share);
        expect(wrongWeights(after)).toBeUndefined();
        expect(weightOf(after, to)).toBe(share);
        for (const name of names.filter((each) => each !== to)) {
          const exact = (weightOf(from, name) * (100 - share)) / (100 - weightOf(from, to));
          expect(Math.abs(weightOf(after, name) - exact)).toBeLessThan(1);
        }
      }),
      { seed },
    );
  });
});

describe("all that a cluster has, for others", () => {
  test("goes to them in their proportions, and who takes nothing keeps what it has", () => {
    const weights = { alpha: 50, bravo: 30, charlie: 20 };
    expect(moved(weights, "alpha", { bravo: 30, charlie: 20 })).toEqual({ bravo: 60, charlie: 40 });
    expect(moved(weights, "alpha", { bravo: 30 })).toEqual({ bravo: 80, charlie: 20 });
    expect(moved({ alpha: 100 }, "alpha", { bravo: 1 })).toEqual({ bravo: 100 });
  });

  test("the sum stays 100", () => {
    fc.assert(
      fc.property(anyWeights, fc.constantFrom(...names), (from, cluster) => {
        const takers = normal(Object.fromEntries(Object.entries(from).filter(([name]) => name !== cluster)));
        fc.pre(Object.keys(takers).length > 0);
        const after = moved(from, cluster, takers);
        expect(wrongWeights(after)).toBeUndefined();
        expect(weightOf(after, cluster)).toBe(0);
      }),
      { seed },
    );
  });
});
