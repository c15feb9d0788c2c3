import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { OperationFailure } from "../failure";
import { identityOf } from "./identity";

/**
 * Loopback addresses of one mesh: every node has its own, so that ports stay those of the contract. A mesh has eight
 * networks of 256 addresses, `127.x.y.0` with y a multiple of 8: its nodes', and one for the Services of each cluster.
 */
export class LoopbackNetwork {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}

  consul = (index: number) => this.node(1 + index);
  mesosNode = (index: number) => this.node(11 + index);
  gateway = (index: number) => this.node(21 + index);
  worker = (cluster: number, index: number) => this.node(31 + 10 * cluster + index);
  /** kubedns; that of the first cluster also stands for the resolver of the network around the clusters. */
  dns = (cluster: number) => this.node(DNS + cluster);
  kubeProxy = (cluster: number) => this.node(PROXY + cluster);
  /** Address of a Kubernetes Service. */
  service = (cluster: number, index: number) => `127.${this.x}.${this.y + 1 + cluster}.${1 + index}`;

  private node = (last: number) => `127.${this.x}.${this.y}.${last}`;
}

/** Behind the workers of the last cluster. */
const DNS = 131;
const PROXY = 141;

/** Limits of what has an address: who is asked for more says so. */
export const limits = {
  consulServers: 5,
  mesosNodes: 10,
  gateways: 10,
  clusters: 6,
  workers: 10,
  services: 250,
};

/** Addresses of a mesh that stands, or may be started. */
export interface Reservation {
  readonly x: number;
  readonly y: number;
}

const folder = () => join(tmpdir(), `skyline-mesh-${userInfo().uid}`);

/**
 * Reserves a network that no other mesh has, and on whose first addresses nobody listens.
 *
 * @param owner process that the reservation ends with, unless it is handed over
 */
export async function reserve(owner = process.pid): Promise<LoopbackNetwork> {
  mkdirSync(folder(), { recursive: true, mode: 0o700 });
  forgetTheDead();
  // Meshes of several processes begin at different places: they rarely meet.
  for (let tried = 0; tried < NETWORKS; tried++) {
    const at = (owner * 37 + tried) % NETWORKS;
    const network = new LoopbackNetwork(10 + Math.floor(at / 32), (at % 32) * 8);
    if (claim(network, owner)) {
      if (await isFree(network.consul(0))) return network;
      release(network, [owner]);
    }
  }
  throw new OperationFailure("conflict", `no free network in 127.10.0.0 to 127.249.255.255`);
}

const NETWORKS = 240 * 32;

/** The reservation lasts as long as that process; of a mesh that goes on alone, as one of its servers. */
export function entrust({ x, y }: Reservation, owner: number): void {
  rmSync(fileOf({ x, y }), { force: true });
  claim({ x, y }, owner);
}

/** Gives up a reservation of one of these processes; after a reboot it may be another mesh's by now. */
export function release(network: Reservation, owners: readonly number[]): void {
  if (owners.includes(ownerOf(fileOf(network))?.pid ?? -1)) {
    rmSync(fileOf(network), { force: true });
  }
}

const fileOf = ({ x, y }: Reservation) => join(folder(), `127.${x}.${y}`);

function claim(network: Reservation, owner: number): boolean {
  try {
    const file = openSync(fileOf(network), "wx");
    writeSync(file, JSON.stringify({ pid: owner, identity: identityOf(owner) ?? "ended" }));
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

interface Owner {
  readonly pid: number;
  readonly identity: string;
}

/** Undefined when it is gone, or half written. */
function ownerOf(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

function forgetTheDead(): void {
  for (const name of readdirSync(folder())) {
    const file = join(folder(), name);
    const owner = ownerOf(file);
    if (owner !== undefined && identityOf(owner.pid) !== owner.identity) rmSync(file, { force: true });
  }
}

function isFree(address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRNOTAVAIL"
        ? reject(
            new OperationFailure(
              "invalid",
              `this machine has no address ${address}: a mesh needs all of 127.0.0.0/8 on its loopback, as Linux has it`,
              "run it on Linux, or in a Linux machine or container on this one",
            ),
          )
        : resolve(false),
    );
    server.listen({ host: address, port: 8500, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
