/** Heads of requests, byte for byte, that try to write into a log. Each character is a byte. */
const BYTES = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).filter(
  (byte) => !"\r\n".includes(byte),
);
const QUOTES = [
  '"',
  "\\",
  '"}',
  '","status":"200","x":"',
  "\\u0000",
  "\\x22",
  "\\n{}",
  "\t",
  "\u00e9",
  "\u00c3\u0028",
  "\u0000",
];

/** Fields of a head which a log line may show. */
const FIELDS = [
  ...[
    "X-Request-Id",
    "Traceparent",
    "X-Skyline-Hop",
    "X-Skyline-Route",
    "X-Skyline-Cluster",
    "X-Skyline-Service",
  ],
  ...["X-Forwarded-For", "X-Real-IP", "Forwarded", "User-Agent", "Referer", "Upgrade", "Content-Type"],
];

export const HOSTILE_HEADS: readonly string[] = [
  ...BYTES.map((byte) => head(`GET /service/foo/${byte}x HTTP/1.1`)),
  ...BYTES.map((byte) => head(`GET /service/foo/?q=${byte} HTTP/1.1`)),
  ...BYTES.map((byte) => head("GET /service/foo/ HTTP/1.1", `X-Skyline-Hop: 1${byte}`)),
  ...QUOTES.flatMap((text) => [
    head(`GET /service/foo/${text} HTTP/1.1`),
    head(`GET /service/${text}/x HTTP/1.1`),
    head(`${text} /service/foo/ HTTP/1.1`),
    head(`GET /service/foo/ HTTP/1.1${text}`),
    ...FIELDS.map((field) => head("GET /service/foo/ HTTP/1.1", `${field}: ${text}`)),
  ]),
  head("GET http://evil\u00ff/service/foo/ HTTP/1.1"),
  head(`GET /service/foo/${"\u00ff".repeat(7000)} HTTP/1.1`),
  head(`GET /service/foo/${"x".repeat(40_000)} HTTP/1.1`),
  "GET /service/foo/\r\n",
  "\u0016\u0003\u0001\u0000\u00a5\u0001\u0000\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "\r\n\r\n\r\n",
];

function head(line: string, ...fields: string[]): string {
  return [line, "Host: mesh", "Connection: close", ...fields, "", ""].join("\r\n");
}
