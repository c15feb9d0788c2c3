import { LABEL_KEY, SHORT_LABEL } from "../naming";
import type { Path, Problem } from "../problem";
import { show } from "../show";
import { entries } from "./values";

/** The keys that people choose. */
export function names(root: unknown): Problem[] {
  const clusters = entries(root, ["clusters"]);
  const groups = clusters.flatMap(([, cluster]) => entries(root, [...cluster, "workers"]));
  const labels = groups.flatMap(([, group]) => entries(root, [...group, "labels"]));
  const short = (noun: string, example: string, named: [string, Path][]): Problem[] =>
    named
      .filter(([name]) => !SHORT_LABEL.test(name))
      .map(([name, path]) => ({
        path,
        message:
          `${show(name)}${name.length > 20 ? ` (${name.length} characters)` : ""} is no name of a ${noun}; ` +
          `write a DNS label of at most 20 characters (a-z, 0-9, -, a letter first) like ${example}`,
        atKey: true,
      }));
  return [
    ...short("cluster", "alpha", clusters),
    ...short("worker group", "general", groups),
    ...labels
      .filter(([name]) => !LABEL_KEY.test(name))
      .map(([name, path]) => ({
        path,
        message: `${show(name)} is no key of a Kubernetes label; write it like example.com/team`,
        atKey: true,
      })),
  ];
}
