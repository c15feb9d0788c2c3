// Time from a change of the dial in Consul until all gateways serve it.
import { request } from "node:http";
import { pause } from "../mesh/product.mjs";

const DEADLINE_MS = 60_000;
/** Answers in a row, each on a connection of its own: for a moment workers of both generations take connections. */
const IN_A_ROW = 3;
/** Changes come faster than people make them, and not faster than gateways let through for ever. */
const BETWEEN_MS = 2000;

/**
 * Moves the dial to and fro.
 *
 * @returns seconds of each change: from before the write until each gateway has answered the new generation
 */
export async function measureEffect({ mesh, changes, what, report }) {
  const seconds = [];
  for (let change = 1; change <= changes; change++) {
    await pause(BETWEEN_MS + Math.random() * 1000);
    const generation = (await desired(mesh)).generation + 1;
    const begun = performance.now();
    await mesh.setWeights(change % 2 === 1 ? { alpha: 50, bravo: 50 } : { alpha: 60, bravo: 40 });
    await Promise.all(mesh.gateways.map((gateway) => follows(gateway, generation)));
    seconds.push((performance.now() - begun) / 1000);
    report(`change ${change} of ${changes}, ${what}: ${seconds.at(-1).toFixed(2)} s`);
  }
  return seconds;
}

/**
 * Registers and takes away services all the time, so that the apply step is at its limit.
 *
 * @returns a function that ends it
 */
export function startStorm(mesh) {
  let going = true;
  const work = (async () => {
    for (let number = 0; going; number++) {
      const id = `storm-${number % 5}`;
      const service = { name: id, id, address: mesh.mesosNode(0).address, port: 31_000 };
      await (number % 10 < 5 ? mesh.consul.register(service) : mesh.consul.deregister(id));
      await pause(100);
    }
  })();
  return async () => {
    going = false;
    await work;
  };
}

const desired = async (mesh) => JSON.parse(await mesh.consul.get(`skyline/${mesh.environment}/dial`));

async function follows(gateway, generation) {
  const deadline = performance.now() + DEADLINE_MS;
  for (let inARow = 0; inARow < IN_A_ROW;) {
    const served = await ask(`${gateway.healthUrl}/_skyline/dial`).catch(() => undefined);
    inARow = served?.generation === generation ? inARow + 1 : 0;
    if (performance.now() > deadline) {
      throw new Error(`${gateway.name} has not followed to ${generation} in ${DEADLINE_MS} ms`);
    }
    if (inARow === 0) await pause(10);
  }
}

const ask = (url) =>
  new Promise((resolve, reject) => {
    const sent = request(url, { agent: false }, (response) => {
      let text = "";
      response.on("data", (data) => (text += data));
      response.on("error", reject);
      response.on("end", () => resolve(JSON.parse(text)));
    });
    sent.on("error", reject).end();
  });
