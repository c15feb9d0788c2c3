import { readdirSync } from "node:fs";
import { join } from "node:path";
import { loadEnvironment } from "../../../environment/load";
import contract from "../../../images/contract.json";
import { latest, names, version } from "../../../images/parameters.json";

const ROOT = join(__dirname, "..", "..", "..");
const FOLDER = join(ROOT, "environments");

/** Image roles by where an environment asks for them. */
const ASKED = {
  etcd: "etcd",
  controllers: "controller",
  workers: "worker",
  consul: "gateway",
  gateways: "gateway",
};

interface Asked {
  readonly path: string;
  readonly ssm: string;
  readonly architecture: "amd64" | "arm64";
}

function images(value: unknown, path: string): Asked[] {
  if (typeof value !== "object" || value === null) return [];
  return "ssm" in value
    ? [{ ...(value as Asked), path }]
    : Object.entries(value).flatMap(([key, inner]) => images(inner, `${path}.${key}`));
}

const asked = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".yaml"))
  .flatMap((file) => images(loadEnvironment(join(FOLDER, file)), file));

test("every environment asks for images", () => {
  expect(asked.length).toBeGreaterThan(15);
  expect(Object.keys(contract.roles)).toEqual(expect.arrayContaining(Object.values(ASKED)));
});

test.each(asked.map((image) => [image.path, image] as const))(
  "%s is one that publish.mjs can write",
  (path, image) => {
    const place = path.split(".").find((key): key is keyof typeof ASKED => key in ASKED);
    const [before, after] = names[image.architecture]
      .replace("<role>", ASKED[place ?? "etcd"])
      .split("<version>");
    expect(image.ssm).toMatch(new RegExp(`^${before}[^/]+${after}$`));
    const written = image.ssm.slice(before?.length);
    expect([latest, written.match(version)?.[0]]).toContain(written);
  },
);
