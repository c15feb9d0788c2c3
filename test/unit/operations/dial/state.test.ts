import { parseDial, renderDial, type Dial } from "../../../../operations/dial/state";

const dial: Dial = {
  generation: 7,
  weights: { alpha: 75, bravo: 25 },
  by: "ann@desk",
  why: "a test",
  at: "2026-01-31T12:00:00Z",
};
const broken = (of: object) => parseDial(JSON.stringify({ ...dial, ...of }));

test("a dial is read as it was written, on a line", () => {
  const text = renderDial(dial).toString();
  expect(text).toBe(
    '{"generation":7,"weights":{"alpha":75,"bravo":25},"by":"ann@desk","why":"a test","at":"2026-01-31T12:00:00Z"}\n',
  );
  expect(parseDial(text)).toEqual(dial);
});

test.each([
  ["", "it is no JSON"],
  ["{", "it is no JSON"],
  ["null", "expected object"],
  ["[]", "expected object"],
])("%j is no dial", (text, why) => {
  expect(parseDial(text)).toEqual(expect.stringContaining(why));
});

test.each([
  [{ generation: undefined }, "generation: "],
  [{ generation: 0 }, "generation: "],
  [{ generation: 1.5 }, "generation: "],
  [{ generation: 2 ** 53 }, "generation: "],
  [{ weights: { alpha: 99 } }, "weights: the sum of the weights is 99, and not 100"],
  [{ weights: undefined }, "weights: weights is undefined and no object"],
  [{ by: undefined }, "by: "],
  [{ at: "yesterday" }, "at: is no time"],
])("a dial with %j is none", (of, why) => {
  expect(broken(of)).toEqual(expect.stringContaining(why));
});
