import { minorOf, SUPPORTED_MINORS, TESTED_MINOR } from "../../../environment/kubernetes-version";

test("one minor version on either side of the tested one is supported", () => {
  expect(SUPPORTED_MINORS).toEqual([`1.${TESTED_MINOR - 1}`, `1.${TESTED_MINOR}`, `1.${TESTED_MINOR + 1}`]);
});

test.each([
  ["1.35", "1.35"],
  ["1.35.4", "1.35"],
  ["1.4", "1.4"],
  ["v1.35", undefined],
  ["1.35.4.2", undefined],
  ["1.35-eks", undefined],
  ["2.0", undefined],
  ["", undefined],
])("the minor version of %j is %s", (version, minor) => {
  expect(minorOf(version)).toBe(minor);
});
