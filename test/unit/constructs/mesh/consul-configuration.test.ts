import { renderConsulAgent } from "../../../../constructs/cluster/consul-agent/agent";
import { renderConsulAcl } from "../../../../constructs/mesh/consul-acl";
import {
  consulClient,
  consulMesosNode,
  consulGateway,
  consulWatcher,
  renderConsulServer,
} from "../../../../environment/mesh/consul-configuration";

const place = { environment: "example", region: "us-east-1" };
const common = {
  datacenter: "example",
  data_dir: "/opt/consul",
  bind_addr: '{{ GetDefaultInterfaces | include "type" "IPv4" | limit 1 | attr "address" }}',
  client_addr: "127.0.0.1",
  retry_join: ["provider=aws region=us-east-1 tag_key=skyline:consul tag_value=example"],
  acl: { enabled: true, default_policy: "deny", down_policy: "extend-cache" },
  disable_update_check: true,
  log_json: true,
};

test("a server has exactly these settings, and no secret among them", () => {
  expect(JSON.parse(renderConsulServer({ ...place, servers: 5 }))).toEqual({
    ...common,
    server: true,
    bootstrap_expect: 5,
    leave_on_terminate: false,
    skip_leave_on_interrupt: true,
    ports: { dns: -1, serf_wan: -1, grpc: -1, grpc_tls: -1 },
    tls: {
      defaults: {
        ca_file: "/etc/consul.d/pki/ca.crt",
        cert_file: "/etc/consul.d/pki/server.crt",
        key_file: "/etc/consul.d/pki/server.key",
        verify_outgoing: true,
        tls_min_version: "TLSv1_2",
      },
      internal_rpc: { verify_incoming: true, verify_server_hostname: true },
    },
    auto_encrypt: { allow_tls: true },
    autopilot: { cleanup_dead_servers: true, min_quorum: 5, server_stabilization_time: "10s" },
    performance: { raft_multiplier: 1 },
  });
});

test("another agent has exactly these settings", () => {
  expect(consulClient(place)).toEqual({
    ...common,
    server: false,
    leave_on_terminate: true,
    ports: { dns: -1 },
    tls: {
      defaults: {
        ca_file: "/etc/consul.d/pki/ca.crt",
        verify_outgoing: true,
        tls_min_version: "TLSv1_2",
      },
      internal_rpc: { verify_server_hostname: true },
    },
    auto_encrypt: { tls: true },
  });
});

test("a node that renders routes may hold a connection to its agent for each of thousands of services", () => {
  expect(consulWatcher(place)).toEqual({
    ...consulClient(place),
    limits: { http_max_conns_per_client: 16_384 },
  });
});

test("a gateway's agent is such a one that registers the gateway while its NGINX answers", () => {
  expect(consulGateway(place)).toEqual({
    ...consulWatcher(place),
    services: [
      {
        name: "skyline-gateway",
        port: 5042,
        checks: [
          {
            name: "skyline-gateway",
            http: "http://127.0.0.1:5044/health",
            interval: "5s",
            timeout: "2s",
            failures_before_critical: 2,
          },
        ],
      },
    ],
  });
});

test("a Mesos node's agent stays a member when it is restarted, with the services that are registered on it", () => {
  expect(consulMesosNode(place)).toEqual({ ...consulWatcher(place), leave_on_terminate: false });
});

test("a worker's agent is such a one that registers the node under its cluster's name while the bridge on it answers", () => {
  const { services, ...rest } = JSON.parse(renderConsulAgent({ ...place, clusterName: "alpha" }));
  expect(rest).toEqual(consulClient(place));
  expect(services).toEqual([
    {
      name: "kubernetes-worker",
      port: 5041,
      meta: { cluster: "alpha" },
      checks: [
        {
          name: "skyline-bridge",
          http: "http://127.0.0.1:5044/ready",
          interval: "5s",
          timeout: "2s",
          success_before_passing: 2,
          failures_before_critical: 2,
        },
      ],
    },
  ]);
});

test("tokens may do exactly this", () => {
  const grants = JSON.parse(renderConsulAcl("example")) as { name: string; token: string; rules: string }[];
  expect(grants.map(({ name, token, rules }) => [name, token, JSON.parse(rules)])).toEqual([
    [
      "skyline-server",
      "server-agent.token",
      { node_prefix: { "consul-": { policy: "write" } }, service: { consul: { policy: "write" } } },
    ],
    [
      "skyline-gateway",
      "gateway.token",
      {
        node_prefix: { "": { policy: "read" }, "gateway-": { policy: "write" } },
        service_prefix: { "": { policy: "read" } },
        service: { "skyline-gateway": { policy: "write" } },
        key_prefix: { "skyline/example/": { policy: "read" } },
      },
    ],
    [
      "skyline-worker",
      "worker.token",
      {
        node_prefix: { "worker-": { policy: "write" } },
        service: { "kubernetes-worker": { policy: "write" } },
      },
    ],
    [
      "skyline-mesos",
      "mesos.token",
      {
        node_prefix: { "": { policy: "read" }, "mesos-": { policy: "write" } },
        service_prefix: { "": { policy: "read" } },
        key_prefix: { "skyline/example/": { policy: "read" } },
      },
    ],
    [
      "skyline-mesos-services",
      "mesos-services.token",
      {
        service_prefix: { "": { policy: "write" } },
        service: {
          "kubernetes-worker": { policy: "read" },
          "skyline-gateway": { policy: "read" },
          consul: { policy: "read" },
        },
      },
    ],
    [
      "skyline-operator",
      "operator.token",
      {
        node_prefix: { "": { policy: "read" } },
        service_prefix: { "": { policy: "read" } },
        session_prefix: { "": { policy: "write" } },
        key_prefix: { "skyline/example/": { policy: "write" } },
      },
    ],
  ]);
});
