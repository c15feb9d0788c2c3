import { kubeDnsAddress, renderBridge } from "../../../environment/mesh/bridge-nginx";
import { dataPlaneFile } from "../../../environment/mesh/data-plane-file";

const settings = {
  domain: "example.internal",
  service: { namespace: "default", port: 8080 },
  serviceCidr: "172.20.0.0/16",
};
const template = dataPlaneFile("bridge/nginx.conf");

test("no place is left open, and another generation is another configuration", () => {
  const rendered = renderBridge(template, settings);
  expect(rendered).not.toMatch(/@@/);
  const generation = (text: string) => /"([0-9a-f]{64})\\n"/.exec(text)?.[1];
  expect(generation(rendered)).toBeDefined();
  expect(generation(renderBridge(template, settings))).toBe(generation(rendered));
  expect(generation(renderBridge(template, { ...settings, domain: "other.internal" }))).not.toBe(
    generation(rendered),
  );
});

test("a place that nothing fills is an error with its name", () => {
  expect(() => renderBridge("listen @@INBOUND@@ @@NOBODY@@;", settings)).toThrow("nothing fills @@NOBODY@@");
});

test("kubedns has the tenth address of the Service network", () => {
  expect(kubeDnsAddress("172.20.0.0/16")).toBe("172.20.0.10");
  expect(kubeDnsAddress("10.100.4.0/24")).toBe("10.100.4.10");
});
