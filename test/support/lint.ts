import { execFileSync } from "node:child_process";
import { join } from "node:path";

const root = join(__dirname, "..", "..");

/** Code as if it stood in a file of the project. */
export interface Snippet {
  readonly file: string;
  readonly code: string;
}

/**
 * What ESLint with the project's own configuration says of each snippet, as `rule: message`. In a process of its own:
 * the configuration is an ES module, which jest's module loader does not load.
 */
export function lint(snippets: readonly Snippet[]): string[][] {
  const script = `
    const { ESLint } = require("eslint");
    const snippets = JSON.parse(require("fs").readFileSync(0, "utf8"));
    (async () => {
      const eslint = new ESLint({ cwd: ${JSON.stringify(root)} });
      const told = [];
      for (const { file, code } of snippets) {
        const [result] = await eslint.lintText(code, { filePath: require("path").join(${JSON.stringify(root)}, file) });
        told.push((result ? result.messages : []).map(({ ruleId, message }) => ruleId + ": " + message));
      }
      console.log(JSON.stringify(told));
    })();`;
  const output = execFileSync(process.execPath, ["-e", script], {
    cwd: root,
    input: JSON.stringify(snippets),
    encoding: "utf8",
  });
  return JSON.parse(output) as string[][];
}
