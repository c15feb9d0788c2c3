import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidEnvironmentError } from "../../../environment/invalid";
import { environmentFile, listEnvironments } from "../../../environment/folder";
import { loadEnvironment } from "../../../environment/load";
import { complete, developmentFile, edit, fixture, problems } from "./problems";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "skyline-load-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function errorOf(action: () => unknown): InvalidEnvironmentError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidEnvironmentError);
    return error as InvalidEnvironmentError;
  }
  throw new Error("nothing was thrown");
}

const loadBytes = (bytes: string | Uint8Array, name = "complete") => {
  const file = environmentFile(folder, name);
  writeFileSync(file, bytes);
  return loadEnvironment(file);
};

const linesOf = (action: () => unknown) =>
  errorOf(action).lines.map((line) => line.replace(`${folder}/`, ""));

describe("a valid file", () => {
  test("gives the environment with its defaults", () => {
    const environment = loadEnvironment(developmentFile);
    expect(environment.environment).toBe("development");
    expect(environment.clusters.bravo).toMatchObject({
      serviceCidr: "172.20.0.0/16",
      workers: { general: { volumeGiB: 80, labels: {} } },
    });
  });

  test.each([
    ["a byte order mark", `\ufeff${complete}`],
    ["line ends of Windows", complete.replaceAll("\n", "\r\n")],
    ["no line end at its end", complete.trimEnd()],
    ["document marks", `---\n${complete}...\n`],
    ["a YAML 1.1 directive", `%YAML 1.1\n---\n${complete}`],
  ])("may have %s", (_, text) => {
    expect(loadBytes(text)).toEqual(loadEnvironment(fixture("complete")));
  });

  test.each([
    ["a byte order mark", "\ufeff", "\n"],
    ["line ends of Windows", "", "\r\n"],
  ])("with %s keeps its positions", (_, start, lineEnd) => {
    const wrong = edit(complete, "  nat: per-zone", "  nat: single-zone").replaceAll("\n", lineEnd);
    expect(linesOf(() => loadBytes(start + wrong))).toEqual([
      expect.stringMatching(/^complete\.yaml:18:8 {2}network\.nat: "single-zone" is not allowed/),
    ]);
  });
});

describe("a file that cannot be read", () => {
  test("is missing", () => {
    expect(linesOf(() => loadEnvironment(join(folder, "none.yaml")))).toEqual([
      "none.yaml  there is no such file",
    ]);
  });

  test("is a folder", () => {
    mkdirSync(join(folder, "complete.yaml"));
    expect(linesOf(() => loadEnvironment(join(folder, "complete.yaml")))).toEqual([
      "complete.yaml  is a folder; name a YAML file",
    ]);
  });

  test("is a pipe that nobody writes to", () => {
    execFileSync("mkfifo", [join(folder, "complete.yaml")]);
    expect(linesOf(() => loadEnvironment(join(folder, "complete.yaml")))).toEqual([
      "complete.yaml  is no regular file; name a YAML file",
    ]);
  });

  test("is a link to itself", () => {
    symlinkSync("complete.yaml", join(folder, "complete.yaml"));
    expect(linesOf(() => loadEnvironment(join(folder, "complete.yaml")))).toEqual([
      "complete.yaml  cannot be read (ELOOP)",
    ]);
  });

  test("is no UTF-8", () => {
    const latin1 = Buffer.from(
      edit(complete, "environment: complete", "# für alle\nenvironment: complete"),
      "latin1",
    );
    expect(linesOf(() => loadBytes(latin1))).toEqual([
      "complete.yaml:1:1  is not UTF-8 text; save it in that encoding",
    ]);
  });

  test("is too large", () => {
    expect(linesOf(() => loadBytes(`${complete}#${"x".repeat(65_536)}`))).toEqual([
      expect.stringMatching(/^complete\.yaml:1:1 {2}has \d+ bytes; an environment file has at most 65536$/),
    ]);
  });
});

describe("a file's name", () => {
  test.each(["production.yaml", "complete.yml", "Complete.yaml"])(
    "%s is not that of the environment",
    (file) => {
      expect(problems(complete, join("environments", file))).toEqual([
        `environments/${file}:3:14  environment: "complete" is in a file named ${file}; rename the one or the other`,
      ]);
    },
  );

  test("that fits a name which is none is of no help", () => {
    const lines = problems(edit(complete, "environment: complete", "environment: Complete"), "Complete.yaml");
    expect(lines).toEqual([expect.stringContaining('"Complete" is no name of an environment')]);
  });
});

describe("a folder", () => {
  test("lists its environments in order, and nothing else", () => {
    ["staging.yaml", "production.yaml", "schema.json", ".#production.yaml", "notes.md"].forEach((file) =>
      writeFileSync(join(folder, file), ""),
    );
    expect(listEnvironments(folder)).toEqual(["production", "staging"]);
  });

  test("refuses a file that looks like an environment and would not be read", () => {
    ["staging.yaml", "production.yml"].forEach((file) => writeFileSync(join(folder, file), ""));
    expect(linesOf(() => listEnvironments(folder))).toEqual([
      "production.yml  is not read; name it with .yaml in the end",
    ]);
  });

  test("that is missing", () => {
    expect(linesOf(() => listEnvironments(join(folder, "none")))).toEqual([
      "none  there is no such folder; name the one that holds the environment files",
    ]);
  });

  test("that is a file", () => {
    writeFileSync(join(folder, "file"), "");
    expect(linesOf(() => listEnvironments(join(folder, "file")))).toEqual([
      "file  cannot be read as a folder (ENOTDIR)",
    ]);
  });
});

test("a problem has its parts beside the line that shows it", () => {
  const error = errorOf(() => loadBytes(edit(complete, "  nat: per-zone", "  nat: one")));
  expect(error.problems).toEqual([
    {
      path: ["network", "nat"],
      message: '"one" is not allowed; write one of per-zone, single',
      where: `${folder}/complete.yaml:18:8`,
    },
  ]);
  expect(error.message).toBe(error.lines.join("\n"));
});
