// Envoy: a cluster a service, with the settings that its documentation has for edge proxies.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CORES, startPinned } from "../processes.mjs";

const type = (name) => `type.googleapis.com/envoy.${name}`;

/**
 * @param variant `mesh` does what our hop does: an id for a request, the same fields in a JSON log, statistics, one repeat,
 *   outlier detection, headers of hops dropped. `bare` only passes on and logs, as its page on benchmarks has it.
 * @param routing `tree`: routes in a matching tree of prefixes, which takes the same time whatever their number.
 *   `list`: routes as most control planes write them, tried one after the other.
 */
export async function startEnvoy({
  paths,
  folder,
  names,
  address,
  port,
  instances,
  variant,
  routing = "tree",
}) {
  const own = join(folder, `envoy-${variant}-${routing}`);
  mkdirSync(own, { recursive: true });
  const file = join(own, "envoy.json");
  writeFileSync(
    file,
    JSON.stringify(
      configuration({ own, names, address, port, instances, mesh: variant === "mesh", routing }),
    ),
  );
  const running = await startPinned({
    name: "envoy",
    cores: CORES.proxy,
    command: paths.envoy,
    args: ["-c", file, "--concurrency", "1", "--use-dynamic-base-id", "--log-level", "warning"],
    folder: own,
    listens: { address, port },
  });
  return { pids: [running.pid], stop: () => running.stop() };
}

const configuration = ({ own, names, address, port, instances, mesh, routing }) => ({
  static_resources: {
    listeners: [
      {
        name: "local",
        address: socketAddress({ address, port }),
        per_connection_buffer_limit_bytes: 32768,
        filter_chains: [{ filters: [connectionManager({ own, names, mesh, routing })] }],
      },
    ],
    clusters: names.map((name) => cluster(name, instances, mesh)),
  },
  layered_runtime: {
    layers: [
      { name: "static", static_layer: { "envoy.resource_limits.listener.local.connection_limit": 10000 } },
    ],
  },
});

const connectionManager = ({ own, names, mesh, routing }) => ({
  name: "envoy.filters.network.http_connection_manager",
  typed_config: {
    "@type": type("extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
    stat_prefix: "local",
    codec_type: "HTTP1",
    // Of its page on edge proxies.
    use_remote_address: true,
    normalize_path: true,
    merge_slashes: true,
    path_with_escaped_slashes_action: "REJECT_REQUEST",
    common_http_protocol_options: {
      idle_timeout: "3600s",
      headers_with_underscores_action: "REJECT_REQUEST",
    },
    stream_idle_timeout: "300s",
    request_timeout: "300s",
    // Its page on benchmarks says to turn this and dynamic_stats off.
    generate_request_id: mesh,
    access_log: [
      {
        name: "envoy.access_loggers.file",
        // Written by a thread of its own, from a buffer.
        typed_config: {
          "@type": type("extensions.access_loggers.file.v3.FileAccessLog"),
          path: join(own, "access.log"),
          ...(mesh ? { log_format: { json_format: LOG } } : {}),
        },
      },
    ],
    route_config: {
      name: "local",
      virtual_hosts: [{ name: "all", domains: ["*"], ...routes(names, mesh, routing) }],
      ...(mesh ? { request_headers_to_remove: HOP_HEADERS } : {}),
    },
    http_filters: [
      {
        name: "envoy.filters.http.router",
        typed_config: { "@type": type("extensions.filters.http.router.v3.Router"), dynamic_stats: mesh },
      },
    ],
  },
});

/** The fields of mesh/common/http.conf. */
const LOG = {
  time: "%START_TIME%",
  request_id: "%REQ(X-REQUEST-ID)%",
  traceparent: "%REQ(TRACEPARENT)%",
  method: "%REQ(:METHOD)%",
  uri: "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
  status: "%RESPONSE_CODE%",
  bytes: "%BYTES_SENT%",
  milliseconds: "%DURATION%",
  service: "%UPSTREAM_CLUSTER%",
  upstream: "%UPSTREAM_HOST%",
  upstream_milliseconds: "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
  flags: "%RESPONSE_FLAGS%",
  client: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
};

/** Those of mesh/common/headers.conf that Envoy does not write itself. */
const HOP_HEADERS = ["x-skyline-route", "x-skyline-cluster", "x-skyline-service", "forwarded", "x-real-ip"];

const RETRY = { retry_on: "connect-failure,reset-before-request,gateway-error", num_retries: 1 };

function routes(names, mesh, routing) {
  const route = (name) => ({
    match: { prefix: `/service/${name}/` },
    route: { cluster: name, timeout: "60s", ...(mesh ? { retry_policy: RETRY } : {}) },
  });
  if (routing === "list") {
    return { routes: names.map(route) };
  }
  const action = (name) => ({
    action: {
      name: "route",
      typed_config: { "@type": type("config.route.v3.Route"), ...route(name) },
    },
  });
  return {
    matcher: {
      matcher_tree: {
        input: {
          name: "path",
          typed_config: {
            "@type": type("type.matcher.v3.HttpRequestHeaderMatchInput"),
            header_name: ":path",
          },
        },
        prefix_match_map: {
          map: Object.fromEntries(names.map((name) => [`/service/${name}/`, action(name)])),
        },
      },
    },
  };
}

const cluster = (name, instances, mesh) => ({
  name,
  type: "STATIC",
  connect_timeout: "1s",
  per_connection_buffer_limit_bytes: 32768,
  load_assignment: {
    cluster_name: name,
    endpoints: [{ lb_endpoints: instances.map((each) => ({ endpoint: { address: socketAddress(each) } })) }],
  },
  ...(mesh ? { outlier_detection: { consecutive_5xx: 3, base_ejection_time: "10s" } } : {}),
  // As its answer to "how do I turn off circuit breaking" has it.
  circuit_breakers: {
    thresholds: [
      {
        priority: "DEFAULT",
        max_connections: 1000000000,
        max_pending_requests: 1000000000,
        max_requests: 1000000000,
        max_retries: 1000000000,
      },
    ],
  },
});

const socketAddress = ({ address, port }) => ({ socket_address: { address, port_value: port } });
