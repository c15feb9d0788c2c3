// Suites are folders below test/: `jest --selectProjects unit`, or the npm script of the same name.
const transform = {
  "^.+\\.ts$": [
    "@swc/jest",
    { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "commonjs" } },
  ],
};
const suite = (name) => ({
  displayName: name,
  rootDir: __dirname,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  testPathIgnorePatterns: ["/node_modules/", "<rootDir>/test/package/consumer/"],
  modulePathIgnorePatterns: ["<rootDir>/dist/", "<rootDir>/cdktf.out/"],
  testEnvironment: "node",
  transform,
});

/** @type {import("jest").Config} */
module.exports = {
  projects: ["unit", "terraform", "cluster", "images", "boot", "mesh", "operations", "package"].map(suite),
  reporters: ["default", "<rootDir>/test/reporter.js"],
  testSequencer: "<rootDir>/test/sequencer.mjs",
  // Two for the two cores, and two for files that mostly wait: see test/sequencer.mjs.
  maxWorkers: 4,
  workerIdleMemoryLimit: "700MB",
};
