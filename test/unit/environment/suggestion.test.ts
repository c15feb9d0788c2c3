import { didYouMean, nearest } from "../../../environment/suggestion";

const known = ["environment", "account", "region", "network", "mesh", "addOns", "zones", "instanceTypes"];

test.each([
  ["regoin", "region"],
  ["Region", "region"],
  ["networks", "network"],
  ["adOns", "addOns"],
  ["add-ons", "addOns"],
  ["instance_types", "instanceTypes"],
  ["enviroment", "environment"],
  ["size", undefined],
  ["colour", undefined],
  ["", undefined],
])("%j means %s", (word, expected) => {
  expect(nearest(word, known)).toBe(expected);
});

test("nothing is near where nothing is known", () => {
  expect(nearest("region", [])).toBeUndefined();
});

test("a suggestion is ready to be put behind a sentence", () => {
  expect(didYouMean("zone", known)).toBe(" (did you mean zones?)");
  expect(didYouMean("colour", known)).toBe("");
});
