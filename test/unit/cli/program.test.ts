import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { nameOf } from "../../../cli/command-line";
import { buildProgram, run } from "../../../cli/program";
import { Session } from "../../../cli/session";
import { builtCli } from "../../support/built";
import { inside, skyline } from "./skyline";

// Who comes first compiles the program.
jest.setTimeout(60_000);

describe("what is no command line", () => {
  test.each([
    [["evn"], "error: unknown command 'evn'\nhint: Did you mean env?\n"],
    [["env", "lits"], "error: unknown command 'lits'\nhint: Did you mean list?\n"],
    [["frobnicate"], "error: unknown command 'frobnicate'\nhint: skyline --help\n"],
    [["env", "validate", "--jsno"], "error: unknown option '--jsno'\nhint: Did you mean --json?\n"],
    [
      ["env", "list", "--frobnicate"],
      "error: unknown option '--frobnicate'\nhint: skyline env list --help\n",
    ],
    [
      ["env", "validate", "a", "b"],
      "error: too many arguments for 'validate'. Expected 1 argument but got 2.\nhint: skyline env validate --help\n",
    ],
    [
      ["env", "list", "--directory"],
      "error: option '--directory <path>' argument missing\nhint: skyline env list --help\n",
    ],
    [["completion"], "error: missing required argument 'shell'\nhint: skyline completion --help\n"],
  ])("%j ends with 2 and a hint", async (args, stderr) => {
    expect(await inside(...args)).toEqual({ code: 2, stdout: "", stderr });
  });

  test("as a process too", async () => {
    expect(await skyline(["env", "lits"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: unknown command 'lits'\nhint: Did you mean list?\n",
    });
  });

  test.each([
    [[], "skyline"],
    [["env"], "skyline env"],
  ])("%j lacks a command: the help goes to stderr", async (args, name) => {
    const ended = await inside(...args);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toContain(`Usage: ${name} [options] [command]`);
    expect(ended.stderr).toContain(`error: a command is missing\nhint: ${name} --help\n`);
  });

  test("with --json is one document on stdout", async () => {
    const { code, stdout } = await inside("frobnicate", "--json");
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
      ok: false,
      exitCode: 2,
      errors: [
        { code: "usage", message: "unknown command 'frobnicate'", hint: "skyline --help", object: null },
      ],
      data: null,
    });
  });
});

describe("help", () => {
  const session = new Session({ stdout: { write: () => true }, stderr: { write: () => true } });
  const program = buildProgram(session, { stdout: { write: () => true }, stderr: { write: () => true } });
  const all = (command: Command): Command[] => [
    command,
    ...command
      .createHelp()
      .visibleCommands(command)
      .filter((sub) => sub.name() !== "help")
      .flatMap(all),
  ];

  test.each(all(program).map((command) => [nameOf(command)]))(
    "of %s has a description and an example",
    async (name) => {
      const { code, stdout, stderr } = await inside(...name.split(" ").slice(1), "--help");
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(new RegExp(`^Usage: ${name}( |\\n)`));
      expect(stdout).toMatch(new RegExp(`\\nExamples:\\n  \\$ ${name.split(" ")[0]} `));
      expect(stdout).toContain("--json");
    },
  );

  test("is on stdout, with no colour", async () => {
    const ended = await skyline(["help", "env"]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.stdout).not.toContain("\u001b");
  });
});

test("--version is the package's", async () => {
  const { version } = jest.requireActual<{ version: string }>("../../../package.json");
  expect(await inside("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  expect(await skyline(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});

describe("stdout", () => {
  test("that nobody reads any more does not crash a command", async () => {
    const child = spawn(process.execPath, [builtCli(), "env", "schema"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.destroy();
    const stderr: string[] = [];
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr.push(text));
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect({ code, stderr: stderr.join("") }).toEqual({ code: 0, stderr: "" });
  });

  (existsSync("/dev/full") ? test : test.skip)("that has no room is an error of one line", async () => {
    const child = spawn("sh", ["-c", '"$0" "$1" env schema > /dev/full', process.execPath, builtCli()]);
    const stderr: string[] = [];
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr.push(text));
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(code).toBe(1);
    expect(stderr.join("")).toMatch(/^error: the output could not be written: ENOSPC.*\n$/);
  });
});

describe("an unexpected error", () => {
  const breaking = async (...args: string[]) => {
    const err: string[] = [];
    const stdout = {
      write: () => {
        throw new TypeError("it is\n  broken");
      },
    };
    const code = await run(args, { stdout, stderr: { write: (text: string) => err.push(text) } });
    return { code, stderr: err.join("") };
  };
  const told =
    "error: this is a bug: TypeError: it is broken\nhint: run it again with --debug, and report what it prints\n";

  test("is told in one line and ends with 1", async () => {
    expect(await breaking("env", "schema")).toEqual({ code: 1, stderr: told });
  });

  test("shows its stack with --debug alone", async () => {
    const { code, stderr } = await breaking("env", "schema", "--debug");
    expect(code).toBe(1);
    expect(stderr.startsWith(`${told}TypeError: it is\n`)).toBe(true);
    expect(stderr).toMatch(/\n {4}at /);
  });
});
