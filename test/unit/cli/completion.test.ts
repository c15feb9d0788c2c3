import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { candidates } from "../../../cli/completion";
import { buildProgram } from "../../../cli/program";
import { Session } from "../../../cli/session";
import { builtCli } from "../../support/built";
import { inside, projectWith, skyline } from "./skyline";

// Who comes first compiles the program.
jest.setTimeout(60_000);

const nowhere = { stdout: { write: () => true }, stderr: { write: () => true } };
const program = buildProgram(new Session(nowhere), nowhere);
const environment = () => ["development", "production"];
const complete = (...words: string[]) => candidates(program, words, { environment });

test.each([
  ["commands, without hidden ones", [""], expect.arrayContaining(["env", "completion", "help"])],
  ["the start of a command", ["comp"], ["completion"]],
  ["commands of a command", ["env", ""], ["validate", "list", "schema", "help"]],
  ["environments", ["env", "validate", ""], ["development", "production"]],
  ["the start of an environment", ["env", "validate", "prod"], ["production"]],
  [
    "environments behind an option with its value",
    ["env", "validate", "--directory", "x", ""],
    ["development", "production"],
  ],
  ["environments behind a flag", ["env", "validate", "--json", "d"], ["development"]],
  ["environments as an option's value", ["local", "--env", "dev"], ["development"]],
  ["nothing behind the last argument", ["env", "validate", "development", ""], []],
  ["files, which are the shell's, as an option's value", ["env", "validate", "--directory", ""], []],
  [
    "options, of the command and of the program",
    ["env", "list", "--"],
    ["--directory", "--help", "--version", "--json", "--debug"],
  ],
  ["the start of an option", ["env", "list", "--dir"], ["--directory"]],
  ["the choices of an argument", ["completion", ""], ["bash", "zsh", "fish"]],
  ["nothing for what is no command", ["frobnicate", "x"], []],
])("completes %s", (_, words, expected) => {
  expect(complete(...words)).toEqual(expected);
});

test("hidden commands are not offered", () => {
  expect(complete("")).not.toContain("__complete");
});

test("the hidden command answers with the environments of the folder, and with nothing where there are none", async () => {
  const folder = projectWith("complete", "development");
  try {
    const asked = ["__complete", "--", "env", "validate", ""];
    expect(await skyline(asked, folder)).toEqual({ code: 0, stdout: "complete\ndevelopment\n", stderr: "" });
    expect(await skyline(["__complete", "--", "env", "list", "--dir"], folder)).toMatchObject({
      code: 0,
      stdout: "--directory\n",
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("bash completes with the script", async () => {
  const { stdout: script } = await inside("completion", "bash");
  const typed = (...words: string[]) => {
    const bash = [
      `skyline() { "${process.execPath}" "${builtCli()}" "$@"; }`,
      script,
      `COMP_WORDS=(skyline ${words.map((word) => `'${word}'`).join(" ")})`,
      `COMP_CWORD=${words.length}`,
      "_skyline",
      'printf "%s\\n" "${COMPREPLY[@]}"',
    ].join("\n");
    return execFileSync("bash", ["--noprofile", "--norc", "-eu", "-c", bash], { encoding: "utf8" });
  };
  expect(typed("env", "va")).toBe("validate\n");
  expect(typed("env", "list", "--d")).toBe("--directory\n--debug\n");
});

test.each(["bash", "zsh", "fish"])("the script for %s asks the hidden command", async (shell) => {
  const { code, stdout, stderr } = await inside("completion", shell);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("skyline __complete -- ");
});
