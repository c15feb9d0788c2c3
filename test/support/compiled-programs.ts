import { transformFileSync } from "@swc/core";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Programs of this folder for a node that knows no TypeScript, each as `<name>.js` in a folder of the test. They import
 * one another alone, and packages.
 */
export function compilePrograms(folder: string, names: readonly string[]): void {
  for (const name of names) {
    const { code } = transformFileSync(join(__dirname, `${name}.ts`), {
      jsc: { parser: { syntax: "typescript" }, target: "es2022" },
      module: { type: "commonjs" },
    });
    writeFileSync(join(folder, `${name}.js`), code);
  }
}
