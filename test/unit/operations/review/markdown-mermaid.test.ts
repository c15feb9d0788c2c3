import fc from "fast-check";
import { pictureOf, samePicture } from "../../../../operations/review/markdown/mermaid";
import type { Picture, PicturedCluster } from "../../../../operations/review/model";
import { seed } from "../../../support/property";
import { hostilePicture } from "../../../support/reviews";

const cluster = (parts: Partial<PicturedCluster> = {}): PicturedCluster => ({
  name: "alpha",
  kind: "eks",
  role: "active",
  version: "1.34",
  weight: 100,
  ...parts,
});
const picture = (clusters: readonly PicturedCluster[], gateways = true): Picture => ({
  environment: "development",
  gateways,
  clusters,
});

const before = picture([
  cluster(),
  cluster({ name: "zulu", kind: "self-managed", role: "retiring", weight: 0 }),
]);
const after = picture([
  cluster({ version: "1.35" }),
  cluster({ name: "bravo", role: "passive", weight: null }),
]);

test("given clusters that change, come and go, each picture marks its own", () => {
  expect(pictureOf(before, after, "before")).toBe(`\`\`\`mermaid
flowchart LR
  callers(["Callers"]) --> gateways
  gateways{{"Gateways"}}
  c0["alpha<br/>EKS, 1.34, active"]
  c1["zulu<br/>self-managed, 1.34, retiring<br/>goes away"]
  gateways -- "100 %" --> c0
  gateways -. "0 %" .-> c1
  classDef changed stroke-width:4px,stroke-dasharray:6 3
  class c1 changed
\`\`\``);
  expect(pictureOf(after, before, "after")).toBe(`\`\`\`mermaid
flowchart LR
  callers(["Callers"]) --> gateways
  gateways{{"Gateways"}}
  c0["alpha<br/>EKS, 1.35, active<br/>was 1.34"]
  c1["bravo<br/>EKS, 1.34, passive<br/>new"]
  gateways -- "100 %" --> c0
  gateways -. "share unknown" .-> c1
  classDef changed stroke-width:4px,stroke-dasharray:6 3
  class c0,c1 changed
\`\`\``);
});

test("given gateways that come, only the picture after has them, as new", () => {
  expect(pictureOf(picture([], false), picture([]), "before")).not.toContain("Gateways");
  expect(pictureOf(picture([]), picture([], false), "after")).toContain('gateways{{"Gateways<br/>new"}}');
});

test("given a cluster that is removed and still has a share, the picture after says where it goes", () => {
  const gone = picture([cluster({ role: "removed" })]);
  expect(pictureOf(gone, picture([cluster()]), "after")).toBe(`\`\`\`mermaid
flowchart LR
  callers(["Callers"]) --> gateways
  gateways{{"Gateways"}}
  c0["alpha<br/>EKS, 1.34<br/>removed, 100 #37; goes nowhere"]
  gateways -- "100 %" --x c0
  classDef changed stroke-width:4px,stroke-dasharray:6 3
  class c0 changed
\`\`\``);
  expect(pictureOf(picture([cluster()]), gone, "before")).toContain("EKS, 1.34, active<br/>goes away");
});

test("given nothing that differs, nothing is marked", () => {
  expect(samePicture(before, structuredClone(before))).toBe(true);
  expect(pictureOf(before, before, "after")).not.toContain("class");
  for (const parts of [{ name: "x" }, { kind: null }, { role: null }, { version: null }, { weight: 1 }]) {
    expect(samePicture(before, picture([cluster(parts), ...before.clusters.slice(1)]))).toBe(false);
  }
});

test("given more clusters than anybody would look at, it says how many are not shown", () => {
  const many = picture(Array.from({ length: 33 }, (_, at) => cluster({ name: `c-${at}` })));
  expect(pictureOf(many, many, "after")).toContain('rest["and 13 more"]');
});

// Mermaid 12.3 itself has parsed and drawn thousands of these in Chromium. It is too heavy for a dependency (116 packages,
// 200 MB), and what it is given is so little that its lines can be written down.
describe("whatever a name says", () => {
  const TEXT = String.raw`(?:[A-Za-z0-9 .,-]|#\d{1,3};|<br\/>)*`;
  const LINES = [
    String.raw`flowchart LR`,
    String.raw`  callers\(\["Callers"\]\) --> gateways`,
    String.raw`  gateways\{\{"Gateways(?:<br\/>(?:new|removed))?"\}\}`,
    String.raw`  c\d+\["${TEXT}"\]`,
    String.raw`  gateways (?:-- "\d+ %" --[>x]|-\. "(?:0 %|share unknown)" \.->) c\d+`,
    String.raw`  empty\["Nothing stands"\]`,
    String.raw`  classDef changed stroke-width:4px,stroke-dasharray:6 3`,
    String.raw`  class (?:gateways|c\d+)(?:,c\d+)* changed`,
  ];
  const line = new RegExp(`^(?:${LINES.join("|")})$`);

  test("its picture holds lines of the few known kinds, and no icon, formula or Markdown", () => {
    fc.assert(
      fc.property(hostilePicture, hostilePicture, (one, other) => {
        const lines = pictureOf(one, other, "before").split("\n");
        expect(lines[0]).toBe("```mermaid");
        expect(lines.at(-1)).toBe("```");
        expect(lines.slice(1, -1).filter((text) => !line.test(text))).toEqual([]);
        expect(lines.join("\n")).not.toMatch(/#(?:58|36|96);/);
      }),
      { seed, numRuns: 500 },
    );
  });

  test("an icon, a directive and a click are text", () => {
    const lines = pictureOf(picture([cluster({ name: 'fa:fa-ban"] %%{init' })]), before, "before").split(
      "\n",
    );
    expect(lines[4]).toBe(
      '  c0["fa#92;u#123;3a#125;fa-ban#34;#93; #37;#37;#123;init<br/>EKS, 1.34, active<br/>goes away"]',
    );
  });
});
