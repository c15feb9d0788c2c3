import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdktf";
import { environmentFile, listEnvironments } from "../../../../environment/folder";
import { loadEnvironment } from "../../../../environment/load";
import type { Environment } from "../../../../environment/schema";
import { bundleSynthesized } from "../../../../operations/atlantis/bundle/publish";
import { checkBundle } from "../../../../operations/atlantis/code-check/bundle";
import { checkCode } from "../../../../operations/atlantis/code-check/check";
import { canonical } from "../../../../operations/atlantis/code-check/document";
import { showFinding } from "../../../../operations/atlantis/code-check/finding";
import { trustFor, type Trust } from "../../../../operations/atlantis/trust";
import { addEnvironment } from "../../../../stacks/environment-stacks";
import { scenarioEnvironment, scenarios } from "../../../support/scenario";

const PROVIDERS = {
  "registry.terraform.io/hashicorp/aws": "5.100.0",
  "registry.terraform.io/hashicorp/kubernetes": "2.38.0",
};
const settings = {
  repository: "github.com/example/platform",
  store: "https://artefacts.example.internal/skyline",
  providers: PROVIDERS,
  dataSources: ["aws_ssm_parameter"],
};
const trusted = (account: string, bucket: string) => ({
  account,
  region: "us-east-1",
  deployer: `arn:aws:iam::${account}:role/atlantis`,
  backend: { bucket, region: "us-east-1" },
});
const trust: Trust = {
  schemaVersion: 1,
  ...settings,
  environments: {
    development: trusted("111111111111", "example-tfstate"),
    "development-two": trusted("111111111111", "example-tfstate"),
    production: trusted("333333333333", "production-tfstate"),
  },
};

/* eslint-disable @typescript-eslint/no-explicit-any -- Code is changed at any depth here. */
type Code = any;
type Change = (code: Code) => unknown;

const backendOf = (stack: string) => ({
  s3: {
    bucket: "example-tfstate",
    key: `development/${stack}.tfstate`,
    region: "us-east-1",
    encrypt: true,
    use_lockfile: true,
  },
});

const network = (): Code => ({
  "//": { metadata: { stackName: "development-network" } },
  terraform: {
    required_providers: { aws: { source: "aws", version: "5.100.0" } },
    backend: backendOf("development-network"),
  },
  provider: {
    aws: [
      {
        region: "us-east-1",
        allowed_account_ids: ["111111111111"],
        default_tags: [
          { tags: { "skyline:environment": "development", "skyline:stack": "development-network" } },
        ],
      },
    ],
  },
  data: {
    aws_ssm_parameter: { image: { name: "/skyline/images/gateway/latest" } },
    terraform_remote_state: {
      mesh: {
        backend: "s3",
        config: {
          bucket: "example-tfstate",
          key: "development/development-mesh.tfstate",
          region: "us-east-1",
        },
      },
    },
  },
  resource: { aws_vpc: { main: { cidr_block: "10.10.0.0/16", lifecycle: { prevent_destroy: true } } } },
  output: { vpc_id: { value: "${aws_vpc.main.id}" } },
});

const OUTPUTS = "data.terraform_remote_state.cluster.outputs";
const platform = (): Code => ({
  terraform: {
    required_providers: { kubernetes: { source: "hashicorp/kubernetes", version: "2.38.0" } },
    backend: backendOf("development-platform-alpha"),
  },
  provider: {
    kubernetes: [
      {
        host: `\${${OUTPUTS}.endpoint}`,
        cluster_ca_certificate: `\${base64decode(${OUTPUTS}.certificate_authority)}`,
        exec: [
          {
            api_version: "client.authentication.k8s.io/v1beta1",
            command: "aws",
            args: [
              "eks",
              "get-token",
              "--cluster-name",
              `\${${OUTPUTS}.cluster_name}`,
              "--region",
              "us-east-1",
            ],
          },
        ],
      },
    ],
  },
  data: {
    terraform_remote_state: {
      cluster: {
        backend: "s3",
        config: {
          bucket: "example-tfstate",
          key: "development/development-cluster-alpha.tfstate",
          region: "us-east-1",
        },
      },
    },
  },
});

function findingsOf(code: Code, change: Change, stack: string) {
  change(code);
  return checkCode(stack, canonical(code), trust).map(({ rule, where }) => `${rule} ${where}`.trim());
}
const ofNetwork = (change: Change) => findingsOf(network(), change, "development-network");
const ofPlatform = (change: Change) => findingsOf(platform(), change, "development-platform-alpha");

const resource = (type: string, body: object) => (code: Code) => (code.resource[type] = { it: body });
const bucket = (body: object) => resource("aws_s3_bucket", body);
const data = (type: string, body: object) => (code: Code) => (code.data[type] = { it: body });
const hidden = { zeroWidth: "a\u200bb", bidi: "a\u202eb", escape: "a\u001b[2Kb", filler: "a\u3164b" };

type Case = readonly [what: string, change: Change, ...findings: string[]];

const refusedOfNetwork: readonly Case[] = [
  // sections
  [
    "a module from the network",
    (c) => (c.module = { m: { source: "git::https://evil/m" } }),
    "sections module",
  ],
  ["a module from a folder", (c) => (c.module = { m: { source: "./m" } }), "sections module"],
  ["a check with a data source", (c) => (c.check = { c: { data: { http: { h: {} } } } }), "sections check"],
  ["an ephemeral resource", (c) => (c.ephemeral = { aws_ssm_parameter: { s: {} } }), "sections ephemeral"],
  ["an action", (c) => (c.action = { aws_lambda_invoke: { a: {} } }), "sections action"],
  ["a section of tomorrow", (c) => (c["x y"] = {}), 'sections ["x y"]'],
  ["text where blocks are", (c) => (c.output = { vpc_id: ["text"] }), "sections output.vpc_id[0]"],
  ["nothing where blocks are", (c) => (c.resource.aws_vpc = null), "sections resource.aws_vpc"],
  // names
  [
    "an expression for a name",
    (c) => (c.resource.aws_vpc = { '${file("x")}': {} }),
    'names resource.aws_vpc["${file(\\"x\\")}"]',
    'expressions resource.aws_vpc["${file(\\"x\\")}"]',
  ],
  ["a number for a name", (c) => (c.output = { 1: { value: 1 } }), 'names output["1"]'],
  [
    "a letter of another script",
    (c) => (c.output = { "\u0430dmin": { value: 1 } }),
    'names output["\\u0430dmin"]',
  ],
  ["a name that is no local's", (c) => (c.locals = { "a b": 1 }), "names locals"],
  ...Object.entries(hidden).map(([what, text]): Case => [
    `hidden characters in a key: ${what}`,
    bucket({ tags: { [text]: "x" } }),
    `names resource.aws_s3_bucket.it.tags[${ascii(text)}]`,
  ]),
  ...Object.entries(hidden).map(([what, text]): Case => [
    `hidden characters in what names something: ${what}`,
    bucket({ tags: { Name: text } }),
    "names resource.aws_s3_bucket.it.tags.Name",
  ]),
  [
    "hidden characters as an escape",
    bucket({ bucket: '${"a\\u200bb"}' }),
    "names resource.aws_s3_bucket.it.bucket",
  ],
  [
    "text that reads in another order",
    bucket({ tags: { note: hidden.bidi } }),
    "names resource.aws_s3_bucket.it.tags.note",
  ],
  // backend
  ["another bucket", (c) => (c.terraform.backend.s3.bucket = "evil"), "backend terraform.backend.s3.bucket"],
  [
    "the state of another stack",
    (c) => (c.terraform.backend.s3.key = "production/production-network.tfstate"),
    "backend terraform.backend.s3.key",
  ],
  [
    "another region",
    (c) => (c.terraform.backend.s3.region = "eu-west-1"),
    "backend terraform.backend.s3.region",
  ],
  ["no encryption", (c) => (c.terraform.backend.s3.encrypt = false), "backend terraform.backend.s3.encrypt"],
  [
    "text for a truth",
    (c) => (c.terraform.backend.s3.encrypt = "true"),
    "backend terraform.backend.s3.encrypt",
  ],
  ["no lock", (c) => delete c.terraform.backend.s3.use_lockfile, "backend terraform.backend.s3.use_lockfile"],
  ...["endpoint", "endpoints", "assume_role", "workspace_key_prefix", "profile", "sts_endpoint"].map(
    (key): Case => [
      `a backend with ${key}`,
      (c) => (c.terraform.backend.s3[key] = "https://evil"),
      `backend terraform.backend.s3.${key}`,
    ],
  ),
  [
    "a backend of another kind",
    (c) => (c.terraform.backend = { http: { address: "https://evil" } }),
    "backend terraform.backend.http",
  ],
  ["no backend", (c) => delete c.terraform.backend, "backend terraform.backend"],
  ["a second backend", (c) => (c.terraform.backend.local = { path: "x" }), "backend terraform.backend.s3"],
  [
    "a second backend in an array",
    (c) => (c.terraform = [c.terraform, { backend: backendOf("x") }]),
    "backend terraform[0].backend.s3",
  ],
  ["Terraform Cloud", (c) => (c.terraform.cloud = { organization: "evil" }), "backend terraform.cloud"],
  [
    "metadata for a provider",
    (c) => (c.terraform.provider_meta = { aws: {} }),
    "backend terraform.provider_meta",
  ],
  // providers
  [
    "another provider",
    (c) => (c.terraform.required_providers.evil = { source: "evil/evil", version: "1.0.0" }),
    "providers terraform.required_providers.evil.source",
    "providers provider.evil",
  ],
  ...["evil/aws", "registry.evil.example/hashicorp/aws", "hashicorp/awscc", "a/b/c/aws", "\uff41ws", ""].map(
    (source): Case => [
      `AWS from ${JSON.stringify(source)}`,
      (c) => (c.terraform.required_providers.aws.source = source),
      "providers terraform.required_providers.aws.source",
    ],
  ),
  ...["~> 5.0", "5.99.0", ">= 5.100.0", "= 5.100.0"].map((version): Case => [
    `AWS at ${version}`,
    (c) => (c.terraform.required_providers.aws.version = version),
    "providers terraform.required_providers.aws.version",
  ]),
  [
    "a provider with no source",
    (c) => (c.terraform.required_providers.aws = "5.100.0"),
    "providers terraform.required_providers.aws",
  ],
  [
    "aliases of configurations",
    (c) => (c.terraform.required_providers.aws.configuration_aliases = ["aws.x"]),
    "providers terraform.required_providers.aws.configuration_aliases",
  ],
  [
    "a trusted provider by another name",
    (c) => (c.terraform.required_providers.kubernetes = { source: "hashicorp/aws", version: "5.100.0" }),
    "providers terraform.required_providers.kubernetes",
    "providers provider.kubernetes",
  ],
  [
    "no provider, for what the state has",
    (c) => (delete c.terraform.required_providers, delete c.provider, delete c.resource, delete c.data),
    "providers terraform.required_providers",
  ],
  ["a provider with no configuration", (c) => delete c.provider, "providers provider.aws"],
  ["two configurations", (c) => c.provider.aws.push({ ...c.provider.aws[0] }), "providers provider.aws"],
  ["a configuration of what is not declared", (c) => (c.provider.random = {}), "providers provider.random"],
  ["a null_resource", resource("null_resource", {}), "providers resource.null_resource.it"],
  ["a local_file", resource("local_file", { content: "x" }), "providers resource.local_file.it"],
  [
    "an unknown resource of Terraform's own",
    resource("terraform_new", {}),
    "providers resource.terraform_new.it",
  ],
  [
    "a resource of a provider by the argument",
    bucket({ provider: "evil" }),
    "providers resource.aws_s3_bucket.it.provider",
  ],
  [
    "a resource of an alias",
    bucket({ provider: "aws.other" }),
    "providers resource.aws_s3_bucket.it.provider",
  ],
  [
    "an import by another provider",
    (c) => (c.import = [{ to: "aws_vpc.main", id: "vpc-1", provider: "evil" }]),
    "providers import.provider",
  ],
  // AWS provider
  ...[
    "endpoints",
    "profile",
    "assume_role",
    "shared_config_files",
    "shared_credentials_files",
    "http_proxy",
    "custom_ca_bundle",
    "ec2_metadata_service_endpoint",
    "access_key",
    "skip_credentials_validation",
    "alias",
  ].map((key): Case => [
    `an AWS provider with ${key}`,
    (c) => (c.provider.aws[0][key] = "https://evil"),
    `aws-provider provider.aws.${key}`,
  ]),
  [
    "any account",
    (c) => delete c.provider.aws[0].allowed_account_ids,
    "aws-provider provider.aws.allowed_account_ids",
  ],
  [
    "another account as well",
    (c) => c.provider.aws[0].allowed_account_ids.push("333333333333"),
    "aws-provider provider.aws.allowed_account_ids",
  ],
  [
    "another region of AWS",
    (c) => (c.provider.aws[0].region = "eu-west-1"),
    "aws-provider provider.aws.region",
  ],
  [
    "a region by expression",
    (c) => (c.provider.aws[0].region = "${local.r}"),
    "aws-provider provider.aws.region",
  ],
  ["no tags", (c) => delete c.provider.aws[0].default_tags, "aws-provider provider.aws.default_tags"],
  [
    "tags of another stack",
    (c) => (c.provider.aws[0].default_tags[0].tags["skyline:stack"] = "production-network"),
    'aws-provider provider.aws.default_tags.tags["skyline:stack"]',
  ],
  [
    "tags by expression",
    (c) => (c.provider.aws[0].default_tags[0].tags.x = "${data.aws_ssm_parameter.image.value}"),
    "aws-provider provider.aws.default_tags.tags",
  ],
  [
    "two blocks of tags",
    (c) => c.provider.aws[0].default_tags.push({}),
    "aws-provider provider.aws.default_tags",
  ],
  // data sources
  [
    "external data",
    data("external", { program: ["sh"] }),
    "providers data.external.it",
    "data-sources data.external.it",
  ],
  [
    "data over HTTP",
    data("http", { url: "https://evil" }),
    "providers data.http.it",
    "data-sources data.http.it",
  ],
  [
    "an unlisted data source",
    data("aws_secretsmanager_secret_version", {}),
    "data-sources data.aws_secretsmanager_secret_version.it",
  ],
  [
    "data of a type called constructor",
    data("constructor", {}),
    "providers data.constructor.it",
    "data-sources data.constructor.it",
  ],
  // parameters
  ...[
    "/production/database/password",
    "/skyline/production/active",
    "/skyline/imagesx/worker",
    "arn:aws:ssm:us-east-1:333333333333:parameter/skyline/images/x",
    "${local.name}",
    "/skyline/images/${local.name}",
  ].map((name): Case => [
    `the parameter ${name}`,
    (c) => (c.data.aws_ssm_parameter.image.name = name),
    "parameters data.aws_ssm_parameter.image.name",
  ]),
  [
    "a parameter with its secret",
    (c) => (c.data.aws_ssm_parameter.image.with_decryption = true),
    "parameters data.aws_ssm_parameter.image.with_decryption",
  ],
  // remote states
  ...(
    [
      ["another bucket", "bucket", "production-tfstate"],
      ["another environment's key", "key", "production/production-mesh.tfstate"],
      ["an environment's key whose name begins alike", "key", "development/development-two-mesh.tfstate"],
      ["a key that goes up", "key", "development/../production/production-mesh.tfstate"],
      ["a key by expression", "key", "${local.key}"],
      ["another region", "region", "eu-west-1"],
      ["an endpoint", "endpoint", "https://evil"],
      ["a role", "role_arn", "arn:aws:iam::333333333333:role/x"],
    ] as const
  ).map(([what, key, value]): Case => [
    `a remote state with ${what}`,
    (c) => (c.data.terraform_remote_state.mesh.config[key] = value),
    `remote-state data.terraform_remote_state.mesh.config.${key}`,
  ]),
  [
    "a remote state over HTTP",
    (c) => (c.data.terraform_remote_state.mesh.backend = "http"),
    "remote-state data.terraform_remote_state.mesh.backend",
  ],
  ...["workspace", "defaults", "for_each"].map((key): Case => [
    `a remote state with ${key}`,
    (c) => (c.data.terraform_remote_state.mesh[key] = "x"),
    `remote-state data.terraform_remote_state.mesh.${key}`,
  ]),
  // provisioners
  [
    "local-exec",
    bucket({ provisioner: { "local-exec": { command: "env" } } }),
    "provisioners resource.aws_s3_bucket.it.provisioner",
  ],
  [
    "local-exec in an array of blocks",
    (c) =>
      (c.resource = [{ aws_vpc: [{ main: [{ provisioner: [{ "local-exec": [{ command: "env" }] }] }] }] }]),
    "provisioners resource.aws_vpc.main.provisioner",
  ],
  [
    "local-exec of terraform_data",
    resource("terraform_data", { provisioner: [{ "local-exec": {} }] }),
    "provisioners resource.terraform_data.it.provisioner",
  ],
  [
    "a connection",
    bucket({ connection: { host: "evil" } }),
    "provisioners resource.aws_s3_bucket.it.connection",
  ],
  [
    "a provisioner in a dynamic block",
    bucket({ dynamic: { provisioner: { for_each: [1], content: {} } } }),
    "provisioners resource.aws_s3_bucket.it.dynamic.provisioner",
  ],
  [
    "a provisioner of what is removed",
    (c) =>
      (c.removed = [
        { from: "aws_vpc.old", provisioner: [{ "local-exec": { when: "destroy", command: "env" } }] },
      ]),
    "provisioners removed.provisioner",
  ],
  // expressions
  ...(
    [
      ["file", '${file("/proc/self/environ")}'],
      ["file with a space", '${file ("/x")}'],
      ["file over lines", '${file\n(\n"/x")}'],
      ["file of the core", '${core::file("/x")}'],
      ["file of the core, spread out", '${core :: file("/x")}'],
      ["file within another call", '${upper(trimspace(file("/x")))}'],
      ["file within a string", '${"a ${"b ${file("/x")}"}"}'],
      ["file behind an escape", '$${a} ${file("/x")}'],
      ["file behind an escaped quote", '${"\\"" == file("/x")}'],
      ["file in an object", '${{ a = { b = file("/x") } }.a.b}'],
      ["file in a condition", '%{ if file("/x") != "" }a%{ endif }'],
      ["file in a loop", '${[for x in fileset(path.module, "*") : x]}'],
      ["file with strip markers", '${~ file("/x") ~}'],
      ["a template's file", '${templatefile("/x", {})}'],
      ["text that is evaluated", "${templatestring(local.t, {})}"],
      ["a function of a provider", "${provider::evil::run()}"],
      ["a function of tomorrow", '${readanything("/x")}'],
      ["a secret shown", "${nonsensitive(data.aws_ssm_parameter.image.value)}"],
      ["a comment in an expression", '${1 /* } */ + file("/x")}'],
      ["a comment over a line", '${1 # }\n+ file("/x")}'],
      ["a heredoc in an expression", "${<<A\n}\nA\n}"],
      ["three signs", '$$${file("/x")}'],
      ["an expression that does not end", "${upper("],
      ["a string that does not end", '${upper("'],
      ["the time of the plan", "${plantimestamp()}"],
      ["the time of the apply", '${timecmp(timestamp(), "2030-01-01T00:00:00Z") > 0 ? "0.0.0.0/0" : ""}'],
      ["a number that an apply draws", "${uuid()}"],
      ["a hash that is another each time", '${bcrypt("x")}'],
      ["a secret asked for by its letters", '${can(regex("^a", data.aws_ssm_parameter.image.value))}'],
      ["a secret asked for by an error", '${try(regex("^a", data.aws_ssm_parameter.image.value), "no")}'],
      ["strings within strings without end", '${"'.repeat(20_000)],
      ["strings within strings that end", `${'${"'.repeat(101)}${'"}'.repeat(101)}`],
      ["brackets within brackets without end", `\${${"(".repeat(20_000)}`],
      ["brackets within brackets that end", `\${${"[".repeat(101)}${"]".repeat(101)}}`],
    ] as const
  ).map(([what, text]): Case => [
    `an expression: ${what}`,
    bucket({ tags: { x: text } }),
    "expressions resource.aws_s3_bucket.it.tags.x",
  ]),
  [
    "an expression in a key",
    bucket({ tags: { '${file("/x")}': "x" } }),
    'expressions resource.aws_s3_bucket.it.tags["${file(\\"/x\\")}"]',
  ],
  [
    "an expression in a trigger",
    bucket({ lifecycle: { replace_triggered_by: ['aws_vpc.main[file("/x")]'] } }),
    "expressions resource.aws_s3_bucket.it.lifecycle.replace_triggered_by[0]",
  ],
  [
    "an expression in an address",
    (c) => (c.import = [{ to: 'aws_vpc.main[file("/x")]', id: "vpc-1" }]),
    "expressions import.to",
  ],
  // imports
  ...[
    "aws_secretsmanager_secret_version.it",
    'aws_secretsmanager_secret_version.it["a"]',
    "aws_ssm_parameter.it[each.key]",
    "aws_iam_access_key.it",
    "aws_instance.it",
    "aws_lambda_function.it",
    "kubernetes_secret.it",
    "kubernetes_secret_v1.it",
    "kubernetes_secret_v2.it",
    "kubernetes_manifest.it",
    "random_password.it",
    "tls_private_key.it",
    "module.m.aws_vpc.it",
    "data.aws_ssm_parameter.it",
    " aws_ssm_parameter.it",
    "aws_ssm_parameter .it",
    "(aws_ssm_parameter.it)",
    "${aws_ssm_parameter.it}",
    "constructor",
  ].map((to): Case => [`an import into ${to}`, (c) => (c.import = { to, id: "x" }), "imports import.to"]),
  ["an import into nothing", (c) => (c.import = [{ id: "x" }]), "imports import.to"],
  ["an import into a list", (c) => (c.import = [{ to: ["aws_vpc.main"], id: "x" }]), "imports import.to"],
  // terraform_data
  ...[
    "${terraform_data.x.output}",
    "${one(terraform_data.x[*].output)}",
    '${jsonencode(["${terraform_data.x}"])}',
  ].map((text): Case => [
    `a value of a terraform_data in a resource: ${text}`,
    resource("aws_vpc_security_group_ingress_rule", { cidr_ipv4: text }),
    "terraform-data resource.aws_vpc_security_group_ingress_rule.it.cidr_ipv4",
  ]),
  [
    "a value of a terraform_data in a key",
    bucket({ tags: { "${terraform_data.x.output}": "x" } }),
    'terraform-data resource.aws_s3_bucket.it.tags["${terraform_data.x.output}"]',
  ],
  [
    "a value of a terraform_data in a local",
    (c) => (c.locals = { open: "${terraform_data.x.output}" }),
    "terraform-data locals.open",
  ],
  [
    "a value of a terraform_data in a data source",
    (c) => (c.data.aws_ssm_parameter.image.region = "${terraform_data.x.output}"),
    "terraform-data data.aws_ssm_parameter.image.region",
  ],
  [
    "a value of a terraform_data in an import",
    (c) => (c.import = { to: "aws_vpc.main", id: "${terraform_data.x.output}" }),
    "terraform-data import.id",
  ],
  [
    "data that is read after a resource",
    (c) => (c.data.aws_ssm_parameter.image.depends_on = ["aws_vpc.main"]),
    "data-sources data.aws_ssm_parameter.image.depends_on",
  ],
  // local files
  ...(
    [
      ["aws_s3_object", "source"],
      ["aws_s3_bucket_object", "source"],
      ["aws_lambda_function", "filename"],
      ["aws_lambda_layer_version", "filename"],
      ["aws_gamelift_script", "zip_file"],
      ["aws_synthetics_canary", "zip_file"],
      ["aws_connect_contact_flow", "filename"],
      ["aws_connect_contact_flow_module", "filename"],
      ["aws_rds_custom_db_engine_version", "filename"],
    ] as const
  ).map(([type, key]): Case => [
    `${key} of ${type}`,
    resource(type, { [key]: "/proc/self/environ" }),
    `local-files resource.${type}.it.${key}`,
  ]),
  // variables
  [
    "a variable without a value",
    (c) => (c.variable = { v: { type: "string" } }),
    "variables variable.v.default",
  ],
  // metadata
  [
    "the exemptions of another stack",
    (c) => (c["//"].skyline = { environment: "development", stack: "development-mesh", exemptions: [] }),
    "metadata //.skyline.stack",
  ],
  [
    "metadata that is none",
    (c) => (c["//"].skyline = "x"),
    "metadata //.skyline.environment",
    "metadata //.skyline.stack",
  ],
];

function ascii(text: string): string {
  return JSON.stringify(text).replace(
    /[^ -~]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const refusedOfPlatform: readonly Case[] = [
  [
    "the state of another cluster",
    (c) =>
      (c.data.terraform_remote_state.cluster.config.key = "development/development-cluster-bravo.tfstate"),
    "kubernetes-provider provider.kubernetes.host",
  ],
  [
    "no state of a cluster",
    (c) => (c.data.terraform_remote_state.cluster.config.key = "development/development-mesh.tfstate"),
    "kubernetes-provider provider.kubernetes.host",
  ],
  [
    "another host",
    (c) => (c.provider.kubernetes[0].host = "https://evil"),
    "kubernetes-provider provider.kubernetes.host",
  ],
  [
    "another authority",
    (c) => (c.provider.kubernetes[0].cluster_ca_certificate = "x"),
    "kubernetes-provider provider.kubernetes.cluster_ca_certificate",
  ],
  [
    "another program",
    (c) => (c.provider.kubernetes[0].exec[0].command = "sh"),
    "kubernetes-provider provider.kubernetes.exec.command",
  ],
  [
    "other arguments",
    (c) => c.provider.kubernetes[0].exec[0].args.push("--endpoint-url", "https://evil"),
    "kubernetes-provider provider.kubernetes.exec.args",
  ],
  [
    "a variable for the program",
    (c) => (c.provider.kubernetes[0].exec[0].env = { AWS_ENDPOINT_URL: "https://evil" }),
    "kubernetes-provider provider.kubernetes.exec.env",
  ],
  ["no program", (c) => delete c.provider.kubernetes[0].exec, "kubernetes-provider provider.kubernetes.exec"],
  ["a token", (c) => (c.provider.kubernetes[0].token = "x"), "kubernetes-provider provider.kubernetes.token"],
  [
    "a file of settings",
    (c) => (c.provider.kubernetes[0].config_path = "~/.kube/config"),
    "kubernetes-provider provider.kubernetes.config_path",
  ],
  [
    "certificates that nobody checks",
    (c) => (c.provider.kubernetes[0].insecure = true),
    "kubernetes-provider provider.kubernetes.insecure",
  ],
];

const fine: readonly (readonly [what: string, change: Change])[] = [
  ["nothing changed", () => undefined],
  ["sources written out", (c) => (c.terraform.required_providers.aws.source = "HashiCorp/AWS")],
  [
    "sources with their host",
    (c) => (c.terraform.required_providers.aws.source = "registry.terraform.io/hashicorp/aws"),
  ],
  ["a provider that is no array", (c) => (c.provider.aws = c.provider.aws[0])],
  ["a version of Terraform", (c) => (c.terraform.required_version = ">= 1.11")],
  ["a bucket with encryption", bucket({ bucket: "logs", tags: { owner: "platform" } })],
  ["a tag about provisioners", bucket({ tags: { provisioner: "karpenter", connection: "none" } })],
  ["text that mentions file(", (c) => (c.output.vpc_id.description = 'A heredoc\nwith file("x") in it\n')],
  ["an escaped expression", bucket({ tags: { x: 'echo $${file("x")} %%{if}' } })],
  ["text in an expression that looks like a call", bucket({ tags: { x: '${upper("file(x)")}' } })],
  ["text in an expression that is escaped", bucket({ tags: { x: '${upper("$${file(x)} \\" }")}' } })],
  ["text in an expression behind an escaped quote", bucket({ tags: { x: '${upper("\\" file(x)")}' } })],
  ["a function of the core", bucket({ tags: { x: '${core::upper("x")}' } })],
  ["a loop with parentheses", bucket({ tags: { x: "${[for a in (local.b) : a if (a != null)]}" } })],
  ["division", bucket({ tags: { x: "${4 / 2}" } })],
  ["letters of all scripts", (c) => (c.output.vpc_id.description = "Größe, 大きさ, размер, 👩‍👩‍👧")],
  ["a variable with a value", (c) => (c.variable = { v: { type: "string", default: "x" } })],
  ["locals", (c) => (c.locals = { a: "${upper(var.v)}", "//": "why" })],
  ["a terraform_data", resource("terraform_data", { input: "x" })],
  [
    "a terraform_data that has another's value, and an output of it",
    (c) => {
      c.resource.terraform_data = { a: { input: "x" }, b: { input: "${terraform_data.a.output}" } };
      c.output.vpc_id.value = "${terraform_data.b.output}";
    },
  ],
  [
    "what comes after a terraform_data, and again with it",
    bucket({ depends_on: ["terraform_data.x"], lifecycle: { replace_triggered_by: ["terraform_data.x"] } }),
  ],
  ["text about terraform_data", bucket({ tags: { x: 'terraform_data ${upper("terraform_data")}' } })],
  ["a hundred levels", bucket({ tags: { x: `\${${"[".repeat(99)}${"]".repeat(99)}}` } })],
  ["many strings after each other", bucket({ tags: { x: `\${[${'["${local.a}"],'.repeat(1000)}]}` } })],
  ["the provider of its own", bucket({ provider: "aws" })],
  ["an object with its content", resource("aws_s3_object", { content: "x" })],
  ["an import", (c) => (c.import = [{ to: "aws_vpc.main", id: "vpc-1" }])],
  ["a move", (c) => (c.moved = [{ from: "aws_vpc.old", to: 'aws_vpc.main["file(x)"]' }])],
  ["a resource let go", (c) => (c.removed = [{ from: "aws_vpc.old", lifecycle: { destroy: false } }])],
  [
    "a version of a parameter, and one of the environment's own",
    (c) =>
      (c.data.aws_ssm_parameter = {
        a: { name: "/aws/service/x:3" },
        b: { name: "/skyline/development/active" },
      }),
  ],
  ["dependencies", bucket({ depends_on: ["aws_vpc.main"], lifecycle: { ignore_changes: ['tags["a(b)"]'] } })],
  ["a comment", bucket({ "//": { metadata: { path: "x" } } })],
  [
    "its own metadata",
    (c) => (c["//"].skyline = { environment: "development", stack: "development-network", exemptions: [] }),
  ],
];

const messagesOf = (change: Change) => {
  const code = network();
  change(code);
  return checkCode("development-network", canonical(code), trust).map(({ message }) => message);
};

const rows = (cases: readonly Case[]) =>
  cases.map(([what, change, ...findings]) => [what, change, findings] as const);

describe("a stack's code", () => {
  test.each(rows(refusedOfNetwork))("is refused with %s", (_what, change, findings) => {
    expect(ofNetwork(change)).toEqual(findings);
  });

  test.each(rows(refusedOfPlatform))("of a platform is refused with %s", (_what, change, findings) => {
    expect(ofPlatform(change)).toEqual(findings);
  });

  test.each(fine)("is fine with %s", (_what, change) => {
    expect(ofNetwork(change)).toEqual([]);
  });

  test("may read an image's parameter elsewhere when the trust file has its name, and that one alone", () => {
    const { development } = trust.environments;
    const golden: Trust = {
      ...trust,
      environments: { development: { ...development!, parameters: ["/golden/worker"] } },
    };
    const code = network();
    const findings = (name: string) => {
      code.data.aws_ssm_parameter.image.name = name;
      return checkCode("development-network", canonical(code), golden).map(({ rule }) => rule);
    };
    expect(findings("/golden/worker")).toEqual([]);
    expect(findings("/golden/worker/secret")).toEqual(["parameters"]);
    expect(ofNetwork((c) => (c.data.aws_ssm_parameter.image.name = "/golden/worker"))).toHaveLength(1);
  });

  test("says how a data source gets into the trust file, and of which none can", () => {
    expect(messagesOf(data("aws_ami", {}))).toEqual([
      expect.stringContaining(
        "list it under dataSources in atlantis/settings.yaml, generate, and deploy the trust file",
      ),
    ]);
    expect(messagesOf(data("http", {})).join()).not.toContain("list it");
  });

  test("says who imports a secret, and what a parameter must not be", () => {
    expect(messagesOf((c) => (c.import = [{ to: "aws_ssm_parameter.it", id: "/x" }]))).toEqual([
      expect.stringContaining("an administrator imports it by hand"),
    ]);
    expect(messagesOf((c) => (c.data.aws_ssm_parameter.image.with_decryption = true))).toEqual([
      expect.stringContaining("a SecureString"),
    ]);
  });

  test("may have expressions of many levels, and says when they are too many", () => {
    expect(messagesOf(bucket({ tags: { x: '${"'.repeat(20_000) } }))).toEqual([
      expect.stringContaining("an expression has too many levels"),
    ]);
  });

  test("of a platform is fine as it is", () => {
    expect(ofPlatform(() => undefined)).toEqual([]);
  });

  test("of a platform declares Kubernetes, unless the server trusts no such provider", () => {
    const code = platform();
    delete code.terraform.required_providers.kubernetes;
    delete code.provider;
    const aws = { "registry.terraform.io/hashicorp/aws": "5.100.0" };
    const rulesOf = (trusted: Trust) =>
      checkCode("development-platform-alpha", canonical(code), trusted).map(({ rule }) => rule);
    expect(rulesOf(trust)).toEqual(["providers"]);
    expect(rulesOf({ ...trust, providers: aws })).toEqual([]);
  });

  test("of a stack that a team has added may use any cluster of its environment", () => {
    const code = platform();
    const aws = network();
    code.terraform.required_providers.aws = aws.terraform.required_providers.aws;
    code.terraform.backend = backendOf("development-tools");
    code.provider.aws = aws.provider.aws;
    code.provider.aws[0].default_tags[0].tags["skyline:stack"] = "development-tools";
    expect(findingsOf(code, () => undefined, "development-tools")).toEqual([]);
  });
});

describe("text that is no code", () => {
  const rulesOf = (text: string) => checkCode("development-network", text, trust).map(({ rule }) => rule);
  const text = canonical(network());

  test.each([
    ["HCL", 'resource "aws_vpc" "main" {}'],
    ["nothing", ""],
    ["an array", "[]"],
    ["null", "null"],
    ["a byte order mark", `\ufeff${text}`],
    ["a key twice", text.replace('"output": {', '"output": {},\n  "output": {')],
    ["a key twice, deeper", text.replace('"cidr_block": ', '"provisioner": {},\n"cidr_block": ')],
    ["a key that is hidden by an escape", text.replace('"output"', '"\\u006futput"')],
    ["other white space", text.replace("\n", "\n\n")],
    ["a number that JavaScript cannot hold", text.replace('"10.10.0.0/16"', "1e400")],
    ["a number that JavaScript rounds", text.replace('"10.10.0.0/16"', "12345678901234567890")],
    ["too many levels", canonical(JSON.parse(`${'{"a":'.repeat(100)}1${"}".repeat(100)}`))],
    ["levels that break a stack", `${"[".repeat(200_000)}${"]".repeat(200_000)}`],
    ["too many bytes", canonical({ output: { x: { value: "x".repeat(9 * 1024 * 1024) } } })],
  ])("is refused as a whole: %s", (_what, changed) => {
    expect(rulesOf(changed)).toEqual(["json"]);
  });
});

describe("a stack's name", () => {
  const rulesOf = (stack: string) => checkCode(stack, canonical(network()), trust).map(({ rule }) => rule);

  test.each([
    "staging-network",
    "developmentx-network",
    "development",
    "constructor",
    "__proto__",
    "a;b",
    "../x",
  ])("that is of no environment is refused: %s", (stack) => {
    expect(rulesOf(stack)).toEqual(["environment"]);
  });

  test("goes with the longest environment that it begins with", () => {
    expect(checkCode("development-two-network", canonical(network()), trust)).toContainEqual(
      expect.objectContaining({
        where: "terraform.backend.s3.key",
        message: expect.stringContaining("development-two/development-two-network.tfstate"),
      }),
    );
  });
});

describe("findings", () => {
  test("are one line of printable ASCII each, however hostile the code", () => {
    const evil = `x\u202e\u001b[31m\n\`\`\`${"y".repeat(5000)}`;
    const code = network();
    code.resource[evil] = { [evil]: { provisioner: {} } };
    code.data[evil] = { [evil]: {} };
    code.terraform.backend.s3.bucket = evil;
    code[evil] = {};
    const lines = checkCode("development-network", canonical(code), trust).map(showFinding);
    expect(lines.length).toBeGreaterThan(5);
    // No backtick: what a hook prints stands between fences of them.
    lines.forEach((line) => expect(line).toMatch(/^[ -_a-~]{1,1000}$/));
  });

  test("are all there at once, and a hundred at most", () => {
    const code = network();
    code.resource.null_resource = Object.fromEntries(
      Array.from({ length: 5000 }, (_, index) => [`r${index}`, { provisioner: {} }]),
    );
    const findings = checkCode("development-network", canonical(code), trust);
    expect(findings).toHaveLength(101);
    expect(findings[100]).toMatchObject({ rule: "more", message: "there are 9900 more findings" });
  });
});

describe("what Skyline itself synthesizes is fine", () => {
  // A server needs a shared state, and some scenarios keep theirs in local files.
  const shared = (environment: Environment): Environment => ({
    ...environment,
    state: environment.state ?? { bucket: "example-tfstate", region: environment.region },
  });

  function findingsOfEnvironment(environment: Environment) {
    const output = mkdtempSync(join(tmpdir(), "skyline-code-check-"));
    try {
      const app = new App({ outdir: output });
      addEnvironment(app, environment);
      app.synth();
      const { bundle } = bundleSynthesized(output, "0".repeat(40));
      expect(Object.keys(bundle.stacks).length).toBeGreaterThanOrEqual(4);
      return checkBundle(bundle, trustFor([environment], settings)).map(showFinding);
    } finally {
      rmSync(output, { recursive: true });
    }
  }

  test.each(scenarios())(
    "in scenario %s",
    (scenario) => {
      expect(findingsOfEnvironment(shared(scenarioEnvironment(scenario)))).toEqual([]);
    },
    120_000,
  );

  test.each(listEnvironments("environments"))(
    "in environment %s",
    (name) => {
      expect(findingsOfEnvironment(loadEnvironment(environmentFile("environments", name)))).toEqual([]);
    },
    120_000,
  );
});
