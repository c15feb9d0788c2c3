// How far the share that arrives in a cluster is from its weight, counted by the services there.
import { Agent, request } from "node:http";

const WEIGHTS = [1, 5, 25, 50, 75, 99];
const CONNECTIONS = 24;

/**
 * Sends so many requests by each weight, through all gateways in turn.
 *
 * @returns for each weight the share in percent that came to the cluster with it
 */
export async function measureShares({ mesh, service, instances, requests, report }) {
  const shares = {};
  for (const weight of WEIGHTS) {
    await mesh.setWeights({ alpha: weight, bravo: 100 - weight });
    await mesh.settled(60_000);
    const before = await counts(instances);
    await send(mesh, service, requests);
    const after = await counts(instances);
    const [alpha, bravo] = [after.alpha - before.alpha, after.bravo - before.bravo];
    if (alpha + bravo !== requests) {
      throw new Error(`${alpha + bravo} requests arrived, and ${requests} were sent`);
    }
    shares[weight] = (100 * alpha) / requests;
    report(`${weight} %: ${shares[weight].toFixed(2)} % of ${requests} requests`);
  }
  return shares;
}

async function counts({ alpha, bravo }) {
  const [one, other] = await Promise.all([alpha.state(), bravo.state()]);
  return { alpha: one.requests, bravo: other.requests };
}

async function send(mesh, service, requests) {
  const agents = mesh.gateways.map(() => new Agent({ keepAlive: true, maxSockets: CONNECTIONS }));
  let next = 0;
  const connection = async () => {
    while (next < requests) {
      const at = next++ % mesh.gateways.length;
      await ask(mesh.gateways[at].url(`${service}/x`), agents[at]);
    }
  };
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  } finally {
    for (const agent of agents) agent.destroy();
  }
}

/** The request's id is NGINX' own, which is random. */
const ask = (url, agent) =>
  new Promise((resolve, reject) => {
    const sent = request(url, { agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url} was answered ${response.statusCode}`));
      response.resume().on("error", reject).on("end", resolve);
    });
    sent.on("error", reject).end();
  });
