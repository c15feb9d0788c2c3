import { failed } from "../../../cli/error-report";
import { CommandFailure, exitCodeOf, exitCodes } from "../../../cli/exit";
import { InvalidEnvironmentError } from "../../../environment/invalid";
import { OperationFailure, type FailureKind } from "../../../operations/failure";

test("each exit code has one meaning", () => {
  expect(exitCodes).toEqual({
    done: 0,
    bug: 1,
    invalid: 2,
    changed: 3,
    refused: 4,
    conflict: 5,
    partial: 6,
    timeout: 7,
    denied: 8,
    unreachable: 9,
    unconfirmed: 10,
    restored: 11,
    unrestored: 12,
    interrupted: 130,
    terminated: 143,
  });
});

test.each(Object.entries(exitCodeOf) as [FailureKind, number][])(
  "an operation that failed as %s ends with %i, and keeps its hint",
  (kind, exitCode) => {
    expect(failed(new OperationFailure(kind, "what went wrong", "what to do"), "skyline --help")).toEqual({
      exitCode,
      errors: [{ code: kind, message: "what went wrong", hint: "what to do", object: null }],
    });
  },
);

test("a command's own failure keeps all it says", () => {
  const failure = new CommandFailure(
    exitCodes.unconfirmed,
    "no-terminal",
    "confirm it",
    "--yes",
    "cluster/bravo",
  );
  expect(failed(failure, "skyline --help")).toEqual({
    exitCode: 10,
    errors: [{ code: "no-terminal", message: "confirm it", hint: "--yes", object: "cluster/bravo" }],
  });
});

test("an environment's problems are an error each, with the place as its object", () => {
  const error = new InvalidEnvironmentError([
    { path: ["region"], message: "is wrong", where: "a.yaml:1:2" },
    { path: [], message: "is empty" },
  ]);
  expect(failed(error, "skyline --help")).toEqual({
    exitCode: 2,
    errors: [
      { code: "invalid-environment", message: "region: is wrong", hint: null, object: "a.yaml:1:2" },
      { code: "invalid-environment", message: "is empty", hint: null, object: null },
    ],
  });
});

test.each([
  ["an error", new RangeError("too\n far"), "this is a bug: RangeError: too far"],
  ["thrown text", "text", "this is a bug: text"],
  ["nothing", undefined, "this is a bug: undefined"],
])("%s is a bug", (_, error, message) => {
  expect(failed(error, "skyline --help")).toMatchObject({ exitCode: 1, errors: [{ code: "bug", message }] });
});
