// One subject in a process of its own: node measure.js SUBJECT CLUSTERS FOLDER. What it took goes to descriptor 3 as
// JSON: standard output belongs to the subject, and some subjects talk.
"use strict";
const { writeSync } = require("node:fs");

const [name, clusters, folder] = process.argv.slice(2);
const subject = require(`./subjects/${name}.js`);

const seconds = (from, to) => Number(to - from) / 1e9;

async function main() {
  const started = process.hrtime.bigint();
  const modules = subject.load();
  const loaded = process.hrtime.bigint();
  const app = await subject.construct(modules, Number(clusters), folder);
  const constructed = process.hrtime.bigint();
  app.synth();
  const done = process.hrtime.bigint();

  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const measured = {
    load: seconds(started, loaded),
    construct: seconds(loaded, constructed),
    synth: seconds(constructed, done),
    cpu: (userCPUTime + systemCPUTime) / 1e6,
    // Linux gives kilobytes and Node passes them on.
    megabytes: maxRSS / 1024,
    modules: Object.keys(require.cache).length,
    providerRoots: Object.keys(require.cache).filter((file) =>
      /@cdktf[\\/]provider-[a-z]+[\\/]lib[\\/]index\.js$/.test(file),
    ).length,
  };
  writeSync(3, JSON.stringify(measured));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
