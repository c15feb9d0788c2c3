import { architectureOf, INSTANCE_TYPE } from "../instance-type";
import { valueAt, type Path, type Problem } from "../problem";
import { entries, isMapping } from "./values";

/** An own image runs on the architecture that it was built for, and nobody can tell that from its id. */
export function imageArchitectures(root: unknown): Problem[] {
  const clusters = entries(root, ["clusters"]).map(([, path]) => path);
  const groups = clusters.flatMap((cluster) =>
    entries(root, [...cluster, "workers"]).map(([, path]) => path),
  );
  return [
    ...[
      ["mesh", "consul"],
      ["mesh", "gateways"],
    ],
    ...clusters.flatMap((cluster) => [
      [...cluster, "etcd"],
      [...cluster, "controllers"],
    ]),
    ...groups,
  ].flatMap((nodes) => imageArchitecture(root, nodes));
}

function imageArchitecture(root: unknown, nodes: Path): Problem[] {
  const image = valueAt(root, [...nodes, "image"]);
  const type = valueAt(root, [...nodes, "instanceType"]) ?? valueAt(root, [...nodes, "instanceTypes", 0]);
  const isOwn = isMapping(image) && ("id" in image || "ssm" in image) && !("al2023" in image);
  if (!isOwn || typeof type !== "string" || !INSTANCE_TYPE.test(type)) {
    return [];
  }
  const said = valueAt(image, ["architecture"]);
  const wanted = architectureOf(type);
  return (said ?? "amd64") === wanted || !(said === undefined || said === "amd64" || said === "arm64")
    ? []
    : [
        {
          path: [...nodes, "image", ...(said === undefined ? [] : ["architecture"])],
          message:
            `the image is built for ${said === undefined ? "amd64 (the default)" : said} and ${type} is ${wanted}; ` +
            `name an image with architecture: ${wanted}, or another instance type`,
        },
      ];
}
