import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ports } from "../../environment/naming";
import { CountedNginx } from "../support/counted-nginx";
import { HOSTILE_HEADS } from "../support/hostile-requests";
import { startMesh } from "../support/mesh-callers";
import { RawConnection } from "../support/mesh-raw";
import { waitUntil } from "../support/process";

type Entry = Readonly<Record<string, unknown>>;

/** Strict: bytes that are no UTF-8 are no JSON. Lines that are being written are left out. */
function entries(file: string): Entry[] {
  const bytes = readFileSync(file);
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, bytes.lastIndexOf(10) + 1));
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Entry);
}

const KEYS = [
  ...[
    "time",
    "request_id",
    "traceparent",
    "listener",
    "method",
    "uri",
    "status",
    "bytes",
    "seconds",
    "service",
  ],
  ...["route", "cluster", "upstream", "upstream_status", "upstream_seconds", "hop", "client", "generation"],
];

test("each line is JSON, and of one shape, whatever bytes a request has", async () => {
  const world = await CountedNginx.start("hostile", ["foo"]);
  try {
    await world.startCounter();
    for (const head of HOSTILE_HEADS) {
      const connection = await RawConnection.open({ address: "127.0.0.1", port: world.port });
      connection.write(Buffer.from(head, "latin1"));
      // Ends what is no request as well.
      connection.socket.end();
      await connection.until("it is answered or refused", () => connection.ended);
      connection.close();
    }
    const marker = await fetch(`http://127.0.0.1:${world.port}/service/foo/marker`);
    expect(marker.status).toBe(200);
    const file = join(world.log, "access.log");
    await waitUntil("all is written", async () => {
      if (!readFileSync(file, "latin1").includes("/service/foo/marker")) throw new Error("not yet");
    });
    // Requests that were cut off are written when NGINX is done with them, which may be after the last one: both logs are
    // read until they tell of the same number.
    const { metrics, lines } = await waitUntil("both logs have all requests", async () => {
      const counted = await world.metrics();
      const written = entries(file);
      expect(counted.sum("skyline_requests_total")).toBe(written.length);
      return { metrics: counted, lines: written };
    });

    expect(lines.length).toBeGreaterThan(900);
    for (const line of lines) {
      expect(Object.keys(line)).toEqual(KEYS);
      expect(line.hop).toMatch(/^[1-4]?$/);
      expect(line.listener).toMatch(/^(gateway)?$/);
      expect(line.request_id).toMatch(/^[-.0-9A-Z_a-z]{1,128}$/);
      expect(line.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
      expect(line.service).toMatch(/^(foo)?$/);
    }
    // Each line of the other log is understood.
    expect(metrics.sum("skyline_metrics_refused_lines_total")).toBe(0);
    expect(metrics.values("skyline_requests_total", "service")).toEqual(["(unrouted)", "foo"]);
  } finally {
    await world.stop();
  }
}, 120_000);

describe("in a whole mesh", () => {
  let started: Awaited<ReturnType<typeof startMesh>>;

  beforeAll(async () => {
    started = await startMesh({ clusters: { alpha: 1 }, mesosNodes: 2, gateways: 1 });
    const { mesh } = started;
    await Promise.all([
      mesh.startService({ name: "organization", on: { mesos: 1 } }),
      mesh.startService({ name: "giphy", on: { cluster: "alpha" } }),
    ]);
    await mesh.settled();
  }, 120_000);
  afterAll(() => started.stop(), 60_000);

  /** Lines of all NGINXes by request id. */
  function byId(): Map<string, Entry[]> {
    const found = new Map<string, Entry[]>();
    for (const node of [...started.mesh.choosers, ...started.mesh.workers]) {
      for (const entry of entries(node.path("log", "access.log"))) {
        const id = String(entry.request_id);
        found.set(id, [...(found.get(id) ?? []), entry]);
      }
    }
    return found;
  }

  test("each of 1,000 requests is found by its id at every hop, and nothing that a caller says is taken for true", async () => {
    const { mesh } = started;
    const [node, gateway] = [mesh.mesosNode(0), mesh.gateway(0)];
    // The hops that each way has: listener, number, route.
    const ways = [
      { url: node.localUrl("organization/x"), hops: ["local 1 mesos", "inbound 2 mesos"] },
      {
        url: node.localUrl("giphy/x"),
        hops: ["local 1 catch-all", "gateway 2 kubernetes", "inbound 3 kubernetes"],
      },
      { url: gateway.url("organization/x"), hops: ["gateway 1 mesos", "inbound 2 mesos"] },
      { url: gateway.url("giphy/x"), hops: ["gateway 1 kubernetes", "inbound 2 kubernetes"] },
    ];
    const spoofed = {
      "x-skyline-route": "spoofed",
      "x-skyline-cluster": "spoofed",
      "x-skyline-service": "spoofed",
      "x-forwarded-for": "6.6.6.6",
      "x-real-ip": "6.6.6.6",
      forwarded: "for=6.6.6.6",
    };
    const sent = Array.from({ length: 1000 }, (_, index) => ({
      id: `sample-${index}`,
      ...ways[index % ways.length]!,
    }));
    for (let at = 0; at < sent.length; at += 20) {
      const some = sent.slice(at, at + 20).map(async ({ id, url }) => {
        const answer = await fetch(url, { headers: { ...spoofed, "x-request-id": id } });
        expect(`${id} ${answer.status}`).toBe(`${id} 200`);
        const { headers } = (await answer.json()) as { headers: Record<string, string> };
        expect(headers["x-request-id"]).toBe(id);
        expect(JSON.stringify(headers)).not.toMatch(/spoofed|6\.6\.6\.6/);
      });
      await Promise.all(some);
    }
    const total = sent.reduce((sum, { hops }) => sum + hops.length, 0);
    const found = await waitUntil("all is written", async () => {
      const all = byId();
      const lines = sent.reduce((sum, { id }) => sum + (all.get(id)?.length ?? 0), 0);
      if (lines < total) throw new Error(`${lines} of ${total} lines`);
      return all;
    });

    const short = sent.filter(({ id, hops }) => {
      const seen = (found.get(id) ?? []).map(({ listener, hop, route }) => `${listener} ${hop} ${route}`);
      return JSON.stringify(seen.sort()) !== JSON.stringify([...hops].sort());
    });
    expect(short.map(({ id }) => [id, found.get(id)])).toEqual([]);
    for (const { id } of sent) {
      const traces = new Set(
        (found.get(id) ?? []).map(({ traceparent }) => String(traceparent).slice(3, 35)),
      );
      expect(traces.size).toBe(1);
      expect(JSON.stringify(found.get(id))).not.toMatch(/spoofed|6\.6\.6\.6/);
    }
  }, 120_000);

  test("a hop that a caller claims is not logged at its own proxy, and the gateway cuts what claims too many", async () => {
    const { mesh } = started;
    const claim = (url: string, hop: string, id: string) =>
      fetch(url, { headers: { "x-skyline-hop": hop, "x-request-id": id } });
    expect((await claim(mesh.mesosNode(0).localUrl("organization/x"), "3", "claim-local")).status).toBe(200);
    expect((await claim(mesh.gateway(0).url("organization/x"), "4", "claim-four")).status).toBe(508);
    const all = await waitUntil("both are written", async () => {
      const now = byId();
      if (!now.has("claim-four") || now.get("claim-local")?.length !== 2) throw new Error("not yet");
      return now;
    });
    expect(
      all
        .get("claim-local")
        ?.map(({ hop }) => hop)
        .sort(),
    ).toEqual(["1", "2"]);
    expect(all.get("claim-four")?.map(({ hop, status }) => `${hop} ${status}`)).toEqual([" 508"]);
  }, 60_000);

  test("the gateway's metrics tell what the dial asks for", async () => {
    const { mesh } = started;
    const url = `http://${mesh.gateway(0).address}:${ports.health}/metrics`;
    const before = await waitUntil("the counter has written what it counted", async () => {
      const text = await (await fetch(url)).text();
      expect(text).toMatch(/skyline_requests_total\{listener="gateway",service="giphy"/);
      return text;
    });
    expect(before).toContain("skyline_generation_info{");
    expect(before).toContain("skyline_reloads_total");
    expect(before).toContain('skyline_rejected_renders_total{reason="nginx-test"}');
    expect(before).toMatch(
      /skyline_requests_total\{listener="gateway",service="giphy",route="kubernetes",cluster="alpha",code="200"\} \d+/,
    );
    expect(before).toMatch(/skyline_cluster_request_seconds_count\{listener="gateway",cluster="alpha"\} \d+/);
  }, 60_000);
});
