import { existsSync } from "node:fs";
import { join } from "node:path";
import { waiting, working } from "../../seconds.json";

const ROOT = join(__dirname, "..", "..", "..");

test("the files that the table of durations names are there, each once", () => {
  const files = [...Object.keys(waiting), ...Object.keys(working)];
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  expect(files.filter((file, at) => files.indexOf(file) !== at)).toEqual([]);
});
