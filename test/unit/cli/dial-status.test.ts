import { statusLine, statusText } from "../../../cli/dial/status-text";
import { dialSnapshot, gatewayView, rampRecord } from "../../support/dial-snapshot";

const NOW = Date.parse("2026-01-31T12:00:00.500Z");

test("a dial where all is well", () => {
  expect(statusText(dialSnapshot({}, NOW))).toBe(
    [
      "The dial of development, generation 7: alpha 75, bravo 25",
      "by anna@laptop, 2026-01-31T11:50:00Z: more for bravo",
      "",
      "CLUSTER  KIND          ROLE     WORKERS  WEIGHT  SHARE  REQUESTS/S  ERRORS  P50      P99",
      "alpha    self-managed  active   6        75      75.0%  750.0       0.0%    12.0 ms  84.0 ms",
      "bravo    eks           passive  4        25      25.0%  250.0       0.0%    12.0 ms  84.0 ms",
      "",
      "GATEWAY    ADDRESS     GENERATION  SERVES",
      "gateway-1  10.10.0.11  7           alpha 75, bravo 25",
      "gateway-2  10.10.0.12  7           alpha 75, bravo 25",
      "gateway-3  10.10.0.13  7           alpha 75, bravo 25",
      "",
      "Nobody holds the lock.",
      "",
      "GENERATION  AT                    ACTION  BY           WEIGHTS             WHY",
      "7           2026-01-31T11:50:00Z  set     anna@laptop  alpha 75, bravo 25  more for bravo",
      "6           2026-01-31T11:35:00Z  set     anna@laptop  alpha 95, bravo 5   first traffic",
    ].join("\n"),
  );
});

test("tells what is wrong, a ramp, and its holder", () => {
  const text = statusText(
    dialSnapshot(
      {
        problem: "the key of the dial cannot be read, and gateways stay as they are: it is no JSON",
        desired: null,
        gateways: [
          gatewayView(1),
          gatewayView(2, { generation: 6, follows: false, problem: "serves generation 6, not 7" }),
        ],
        live: { seconds: 2, clusters: {}, unread: ["gateway-2 cannot be read: timeout"] },
        ramp: rampRecord({}, NOW),
        lock: {
          run: "run-1",
          by: "anna@laptop",
          what: "a ramp to bravo",
          at: "2026-01-31T11:40:00Z",
          session: "s",
        },
      },
      NOW,
    ),
  );
  expect(text).toContain("Problem: the key of the dial cannot be read");
  expect(text).toMatch(/^gateway-2 .* serves generation 6, not 7$/m);
  expect(text).toContain("Not measured: gateway-2 cannot be read: timeout.");
  expect(text).toMatch(/^Ramp to bravo: 1 5 \[25\] 50 100, holding; by /m);
  expect(text).toContain("Lock: anna@laptop, for a ramp to bravo, since 2026-01-31T11:40:00Z.");
});

test("before the first change, and before there is a measurement", () => {
  const text = statusText(dialSnapshot({ desired: null, live: null, gateways: [], log: [] }, NOW));
  expect(text).toContain("it was never changed: all goes to the file's active cluster.");
  expect(text).toContain("No gateway is registered in Consul.");
  expect(text).not.toContain("P99");
});

test("on one line", () => {
  expect(statusLine(dialSnapshot({ ramp: rampRecord({}, NOW) }, NOW))).toBe(
    "2026-01-31T12:00:00Z generation=7 alpha=75 (75.0%, 0 errors) bravo=25 (25.0%, 0 errors) gateways=3/3 ramp=3/5 holding",
  );
});
