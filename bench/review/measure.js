// One review in a process of its own: prints what it took and what came out, as JSON.
const { join } = require("node:path");

const dist = join(__dirname, "..", "..", "dist", "operations", "review");
const { readInput } = require(join(dist, "inputs.js"));
const { reviewOf } = require(join(dist, "review.js"));
const { commentOf } = require(join(dist, "markdown", "comment.js"));
const { sarifOf } = require(join(dist, "sarif.js"));
const [stack, file, secret] = process.argv.slice(2);

const seconds = (since) => Number(process.hrtime.bigint() - since) / 1e9;
const start = process.hrtime.bigint();
const cpu = process.cpuUsage();
const input = readInput({ stack, file });
const read = seconds(start);
const review = reviewOf([input]);
const reviewed = seconds(start);
const comment = commentOf(review);
const json = JSON.stringify(review);
const sarif = JSON.stringify(sarifOf(review, "0.0.0"));
const total = seconds(start);
const { user, system } = process.cpuUsage(cpu);

const leaks = [comment, json, sarif].filter((text) => text.includes(secret)).length;
console.log(
  JSON.stringify({
    ...{ total, read, judge: reviewed - read, write: total - reviewed },
    ...{ cpu: (user + system) / 1e6, peak: process.resourceUsage().maxRSS / 1024 },
    ...{ changes: review.stacks[0].resources.length, comment: Buffer.byteLength(comment), leaks },
    ...{ meanings: review.meanings.length, json: json.length, sarif: sarif.length },
  }),
);
