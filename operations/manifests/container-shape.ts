import { fieldReference, key, optionalReference, resourceReference, runAs } from "./object-shapes";
import { as, block, blocks, boolean, integer, integerOrText, map, text, texts, type Fields } from "./shape";

const httpGet: Fields = {
  host: text,
  http_header: as("httpHeaders", blocks({ name: text, value: text })),
  path: text,
  port: integerOrText,
  scheme: text,
};
const exec: Fields = { command: texts };
const tcpSocket: Fields = { port: integerOrText };

const probe: Fields = {
  exec: block(exec),
  failure_threshold: integer,
  grpc: block({ port: integer, service: text }),
  http_get: block(httpGet),
  initial_delay_seconds: integer,
  period_seconds: integer,
  success_threshold: integer,
  tcp_socket: block(tcpSocket),
  timeout_seconds: integer,
};

const handler: Fields = { exec: block(exec), http_get: block(httpGet), tcp_socket: block(tcpSocket) };

const variable: Fields = {
  name: text,
  value: text,
  value_from: block({
    config_map_key_ref: block(key),
    field_ref: block(fieldReference),
    resource_field_ref: block(resourceReference),
    secret_key_ref: block(key),
  }),
};

/** A container of a pod. */
export const container: Fields = {
  args: texts,
  command: texts,
  env: blocks(variable),
  env_from: blocks({
    config_map_ref: block(optionalReference),
    prefix: text,
    secret_ref: block(optionalReference),
  }),
  image: text,
  image_pull_policy: text,
  lifecycle: block({ post_start: block(handler), pre_stop: block(handler) }),
  liveness_probe: block(probe),
  name: text,
  port: as(
    "ports",
    blocks({
      container_port: integer,
      host_ip: as("hostIP", text),
      host_port: integer,
      name: text,
      protocol: text,
    }),
  ),
  readiness_probe: block(probe),
  resources: block({ limits: map, requests: map }),
  security_context: block({
    ...runAs,
    allow_privilege_escalation: boolean,
    capabilities: block({ add: texts, drop: texts }),
    privileged: boolean,
    read_only_root_filesystem: boolean,
  }),
  startup_probe: block(probe),
  stdin: boolean,
  stdin_once: boolean,
  termination_message_path: text,
  termination_message_policy: text,
  tty: boolean,
  volume_mount: as(
    "volumeMounts",
    blocks({
      mount_path: text,
      mount_propagation: text,
      name: text,
      read_only: boolean,
      sub_path: text,
    }),
  ),
  working_dir: text,
};
