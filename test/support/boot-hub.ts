/**
 * The middle of a booted cluster's network, in a network namespace of its own: the bridge that joins the machines, the
 * VPC's resolver, the metadata service, AWS and the balancer. Started by boot-world.ts with the path of its settings.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { connect, createServer } from "node:net";
import { recorded, startAwsFront, type Call } from "./boot-aws-front";
import { Balancer } from "./boot-balancer";
import { startResolver } from "./boot-dns";
import { plugDisk, plugInterface, releaseDisk, unplug } from "./boot-hardware";
import { startMetadata } from "./boot-metadata";
import type { AwsCall, HubSettings, HubState } from "./boot-types";

const settings = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as HubSettings;
const { network } = settings;
let state: HubState = { names: {}, instances: [], disks: [], cards: [], targets: [], secrets: {} };
const calls: AwsCall[] = [];
/** Instances by the MAC addresses of interfaces that were attached to them. */
const plugged = new Map<string, string>();

/** At the same addresses in every VPC. */
const EVERYWHERE = { metadata: "169.254.169.254", resolver: "169.254.169.253" } as const;

function lay(): void {
  const ip = (...args: string[]) => execFileSync("ip", args);
  ip("link", "set", "lo", "up");
  // A bridge without an address of its own takes the lowest one of its ports: when that machine's cable is cut it takes
  // another, and for up to a minute nobody reaches the routers, which all machines know by the old one.
  ip("link", "add", "bridge", "address", "02:00:00:00:ff:01", "type", "bridge");
  for (const address of [network.resolver, network.aws, network.balancer]) {
    ip("address", "add", `${address}/${network.prefix}`, "dev", "bridge");
  }
  for (const { router, prefix } of network.subnets) {
    ip("address", "add", `${router}/${prefix}`, "dev", "bridge");
  }
  for (const address of [EVERYWHERE.metadata, EVERYWHERE.resolver]) {
    ip("address", "add", `${address}/32`, "dev", "bridge");
  }
  ip("link", "set", "bridge", "up");
  // The subnets' routers are one, and tell nobody of shorter ways.
  const setting = (name: string, value: string) => writeFileSync(`/proc/sys/net/ipv4/${name}`, value);
  setting("ip_forward", "1");
  for (const device of ["all", "bridge"]) setting(`conf/${device}/send_redirects`, "0");
}

/** What EC2 does beside keeping books. */
async function after(call: Call): Promise<void> {
  const caller = state.instances.find(({ address }) => address === call.from);
  calls.push(recorded(call, caller?.id ?? call.from));
  if (call.status !== 200 || call.service !== "ec2") return;
  const parameters = new URLSearchParams(call.body);
  const instance = state.instances.find(({ id }) => id === parameters.get("InstanceId"));
  if (instance === undefined) return;
  if (call.action === "AttachVolume") {
    const disk = state.disks.find(({ volume }) => volume === parameters.get("VolumeId"));
    if (disk !== undefined) await plugDisk(instance, disk);
  }
  if (call.action === "AttachNetworkInterface") {
    const card = state.cards.find(({ id }) => id === parameters.get("NetworkInterfaceId"));
    if (card === undefined) return;
    await plugInterface(instance, card.mac);
    plugged.set(card.mac, instance.id);
  }
}

async function main(): Promise<void> {
  lay();
  for (const address of [network.resolver, EVERYWHERE.resolver]) {
    await startResolver(address, network.aws, () => state.names);
  }
  await startMetadata(
    () => state.instances,
    ({ id, mac, cidr }) => [{ mac, cidr }, ...state.cards.filter((card) => plugged.get(card.mac) === id)],
  );
  await startAwsFront({
    address: network.aws,
    certificate: settings.certificate,
    emulator: settings.emulator,
    secretOf: (accessKey) => state.secrets[accessKey],
    after,
  });
  const balancer = await Balancer.start(network.balancer, settings.balancer);
  for (const { socket, address, port } of settings.doors) {
    createServer({ allowHalfOpen: true }, (inside) => {
      const outside = connect({ host: address, port, allowHalfOpen: true });
      inside.pipe(outside).pipe(inside);
      inside.on("error", () => outside.destroy()).on("close", () => outside.destroy());
      outside.on("error", () => inside.destroy()).on("close", () => inside.destroy());
    }).listen(socket);
  }

  const answers: Record<string, (body: string) => unknown> = {
    "PUT /state": (body) => {
      state = JSON.parse(body) as HubState;
      balancer.setTargets(state.targets);
    },
    "GET /health": () => balancer.health(),
    "GET /calls": () => calls,
    "POST /unplug": async (body) => {
      const instance = state.instances.find(({ id }) => id === JSON.parse(body));
      const attached = [...plugged].filter(([, id]) => id === instance?.id).map(([mac]) => mac);
      const at = Date.now();
      await unplug(instance === undefined ? [] : [instance.mac, ...attached]);
      return at;
    },
    "POST /release": () => Promise.all(state.disks.map(releaseDisk)),
  };
  createHttpServer((request, response) => {
    const answer = answers[`${request.method} ${request.url}`];
    const told = text(request).then((body) => answer?.(body));
    told.then(
      (value) => response.end(JSON.stringify(value ?? {})),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  }).listen(settings.control);
}

async function text(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += String(chunk);
  return body;
}

main().catch((error: Error) => {
  console.error(error);
  process.exit(1);
});
