import { readFileSync } from "node:fs";
import { join } from "node:path";
import { filesOf } from "../../../../operations/pki/contents";
import { pkiGroups } from "../../../../operations/pki/groups";
import { environmentWith } from "./memory-store";

const page = readFileSync(join(__dirname, "..", "..", "..", "..", "docs", "commands", "pki.md"), "utf8");

test("the page lists each secret with its reader and its files, and no others", () => {
  const wanted = pkiGroups(environmentWith())
    .flatMap(({ secrets }) => secrets)
    .map(({ name, reader, contents }) => {
      const files = contents.flatMap(filesOf).map((file) => `\`${file}\``);
      const pattern = name.replace("/complete/", "/<E>/").replace("/alpha/", "/<C>/").replace(/-\d$/, "-<i>");
      return `| \`${pattern}\` | ${reader.replace(/\d$/, "`<i>`")} | ${files.join(" ")} |`;
    });
  const listed = page.split("\n").filter((line) => line.startsWith("| `skyline/"));
  expect([...listed].sort()).toEqual([...new Set(wanted)].sort());
});
