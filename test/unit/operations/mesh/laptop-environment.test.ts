import { join } from "node:path";
import { loadEnvironment } from "../../../../environment/load";
import { initialWeights } from "../../../../operations/dial/clusters";
import { CLUSTERS } from "../../../../operations/mesh/laptop/up";

test("the mesh of a laptop is that of environments/development.yaml: the commands of the dial take it for one", () => {
  const file = join(__dirname, "..", "..", "..", "..", "environments", "development.yaml");
  const environment = loadEnvironment(file);
  expect(environment.environment).toBe("development");
  expect(Object.keys(environment.clusters)).toEqual([...CLUSTERS]);
  expect(initialWeights(environment)).toEqual({ [CLUSTERS[0]]: 100 });
});
