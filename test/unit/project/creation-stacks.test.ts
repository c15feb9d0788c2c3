import { Token } from "cdktf";
import { skipCreationStacks } from "../../../creation-stacks";
import { synthesizeScenario } from "../../support/scenario";

const stackOf = () => (Token.asAny({ made: "here" }) as unknown as { creationStack: string[] }).creationStack;
const codes = () => Object.entries(synthesizeScenario("own-images")).map(([name, { code }]) => [name, code]);

test("the app goes without creation stacks unless it is asked for them, and synthesizes the same", () => {
  const before = codes();
  skipCreationStacks({ SKYLINE_CREATION_STACKS: "1" });
  expect(stackOf().length).toBeGreaterThan(0);
  skipCreationStacks({});
  expect(stackOf()).toEqual([]);
  expect(codes()).toEqual(before);
});
