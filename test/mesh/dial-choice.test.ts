import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterOf } from "../../operations/dial/choice";
import { freePort } from "../../operations/ports";
import { nginxBinary } from "../support/nginx-binary";
import { ManagedProcess, waitUntil } from "../support/process";

// The choice of a gateway, computed beforehand, is NGINX' own: for any weights and any bytes.

jest.setTimeout(60_000);

const MIXES: readonly Readonly<Record<string, number>>[] = [
  ...[1, 5, 25, 33, 50, 67, 75, 99].map((share) => ({ alpha: share, bravo: 100 - share })),
  { alpha: 33, bravo: 33, charlie: 34 },
  { charlie: 1, bravo: 98, alpha: 1 },
  { a: 7, "a-b": 29, a1: 41, ab: 23 },
  { alpha: 0, bravo: 100 },
];

let directory: string;
let nginx: ManagedProcess;
let port: number;

/** As routes.py writes it. */
const split = (weights: Readonly<Record<string, number>>, index: number) => {
  const shares = Object.entries(weights)
    .filter(([, weight]) => weight > 0)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const lines = shares.map(
    ([cluster, weight], at) => `${at === shares.length - 1 ? "*" : `${weight}%`} "${cluster}";`,
  );
  return `split_clients $http_x_key $mix${index} { ${lines.join(" ")} }`;
};

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "skyline-choice-"));
  port = await freePort();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  writeFileSync(
    join(directory, "nginx.conf"),
    `${process.getuid?.() === 0 ? "user root;" : ""}
daemon off; worker_processes 1; pid ${directory}/nginx.pid; events { }
http {
  access_log off; keepalive_requests 1000000; large_client_header_buffers 8 16k;
  ${temporary.map((part) => `${part}_temp_path ${directory}/${part};`).join(" ")}
  ${MIXES.map(split).join("\n  ")}
  server { listen 127.0.0.1:${port}; location / { return 200 "${MIXES.map((_, index) => `$mix${index}`).join(" ")}\\n"; } }
}
`,
  );
  nginx = await ManagedProcess.start({
    name: "NGINX that splits",
    command: await nginxBinary(),
    args: ["-e", "stderr", "-p", directory, "-c", join(directory, "nginx.conf")],
    logFile: join(directory, "nginx.out"),
  });
  await waitUntil("NGINX answers", () => ask([Buffer.from("x")]));
});

afterAll(async () => {
  await nginx?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** What NGINX says to each of these keys, by mix. */
function ask(keys: readonly Buffer[]): Promise<string[][]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const chunks: Buffer[] = [];
    socket.on("error", reject);
    socket.on("data", (data) => chunks.push(data));
    socket.on("end", () => {
      const bodies = Buffer.concat(chunks)
        .toString("latin1")
        .split(/HTTP\/1\.1 200 OK\r\n(?:[^\r\n]+\r\n)*\r\n/);
      resolve(bodies.slice(1).map((body) => body.trimEnd().split(" ")));
    });
    keys.forEach((key, index) => {
      const last = index === keys.length - 1 ? "Connection: close\r\n" : "";
      socket.write(
        Buffer.concat([
          Buffer.from("GET / HTTP/1.1\r\nHost: x\r\nX-Key: "),
          key,
          Buffer.from(`\r\n${last}\r\n`),
        ]),
      );
    });
  });
}

/** Bytes that a header's value may have, from a sequence that is the same each time; no blanks, which NGINX takes off its ends. */
function* keys(count: number): Generator<Buffer> {
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let number = 0; number < count; number++) {
    yield Buffer.from(
      Array.from({ length: random(48) }, () => 0x21 + random(0x100 - 0x21)).filter((byte) => byte !== 0x7f),
    );
  }
}

test("the cluster of each of 8,000 keys, of any length and bytes, and of ids as they are made, is the one that NGINX picks", async () => {
  const wanted = [
    ...keys(4000),
    ...Array.from({ length: 4000 }, (_, index) => Buffer.from(`request-${index}`)),
    Buffer.from("k".repeat(5000)),
    Buffer.alloc(0),
  ];
  const answers = await ask(wanted);
  expect(answers).toHaveLength(wanted.length);
  const wrong = wanted.filter((key, index) =>
    MIXES.some((weights, mix) => clusterOf(key, weights) !== answers[index]?.[mix]),
  );
  expect(wrong.map((key) => key.toString("latin1"))).toEqual([]);
  // Were it always one cluster, little would be shown.
  for (const [mix, weights] of MIXES.entries()) {
    for (const [cluster, weight] of Object.entries(weights)) {
      const share = answers.filter((answer) => answer[mix] === cluster).length / answers.length;
      expect(Math.abs(share - weight / 100)).toBeLessThan(0.03);
    }
  }
});

test("text is its UTF-8, and no weights are no cluster", () => {
  const weights = { alpha: 50, bravo: 50 };
  expect(clusterOf("größe", weights)).toBe(clusterOf(Buffer.from("größe"), weights));
  expect(clusterOf("x", {})).toBeUndefined();
  expect(clusterOf("x", { alpha: 0 })).toBeUndefined();
});
