import { Reader } from "../../../../operations/drift/reading";
import { OperationFailure } from "../../../../operations/failure";

const never = new AbortController().signal;
const fails = (error: Error) => () => Promise.reject(error);
const interrupted = new OperationFailure("interrupted", "stopped");

test("what was read is its value, and why it could not be is its problem", async () => {
  const reader = new Reader(never, never);
  expect(await reader.read(() => Promise.resolve(1))).toEqual({ value: 1 });
  const problem = new OperationFailure("denied", "no");
  expect(await reader.read(fails(problem))).toEqual({ problem });
});

test("a bug is no problem of a part", async () => {
  await expect(new Reader(never, never).read(fails(new TypeError("x")))).rejects.toThrow(TypeError);
});

test("given that the time is up, then it is the reason, and nothing more is begun", async () => {
  const reader = new Reader(never, AbortSignal.abort());
  const work = jest.fn(fails(interrupted));
  expect(await reader.read(work)).toMatchObject({ problem: { kind: "timeout" } });
  expect(work).not.toHaveBeenCalled();
  const deadline = new AbortController();
  const late = new Reader(never, deadline.signal).read(() => {
    deadline.abort();
    return Promise.reject(interrupted);
  });
  expect(await late).toMatchObject({ problem: { kind: "timeout" } });
});

test("given an interrupt, then there is no report", async () => {
  const reader = new Reader(AbortSignal.abort(), AbortSignal.abort());
  await expect(reader.read(fails(interrupted))).rejects.toMatchObject({ kind: "interrupted" });
});
