import { errorsIn } from "../../../operations/local/cdktf";

test("of framed messages, errors are told and warnings are not", () => {
  const log = [
    "development-mesh  ╷",
    "                  │ Warning: Incomplete lock file information for providers",
    "                  ╵",
    "                  Creating...",
    "                  ╷",
    "                  │ Error: creating EC2 VPC: no",
    "                  │ ",
    "                  │   with aws_vpc.vpc",
    "                  ╵",
    "                  after",
  ].join("\n");

  expect(errorsIn(log).map((line) => line.replace(/^ */, ""))).toEqual([
    "│ Error: creating EC2 VPC: no",
    "│ ",
    "│   with aws_vpc.vpc",
  ]);
});

test("without frames, an error comes with the lines that say where", () => {
  const log =
    "Destroying...\n\nError: Instance cannot be destroyed\n\n  on cdk.tf.json line 3, in resource:\n";

  expect(errorsIn(log)).toEqual([
    "Error: Instance cannot be destroyed",
    "",
    "  on cdk.tf.json line 3, in resource:",
  ]);
});

test("a log without errors tells none", () => {
  expect(errorsIn("│ Warning: something\nApply complete!\n")).toEqual([]);
});
