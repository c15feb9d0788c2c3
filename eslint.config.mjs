import tseslint from "typescript-eslint";

/**
 * Imports flow one way: environment -> constructs -> stacks -> main.ts, and environment -> operations -> cli.
 * Each folder lists what it must not import; test/unit/lint.test.ts shows every one of these rules fire.
 */
const bannedFrom = {
  environment: ["constructs", "stacks", "operations", "cli", "testing"],
  constructs: ["stacks", "operations", "cli", "testing"],
  stacks: ["operations", "cli", "testing"],
  operations: ["constructs", "stacks", "cli", "testing"],
  cli: ["constructs", "stacks", "testing"],
  testing: ["operations", "cli"],
};

// A provider's root costs 4 s and 500 MB at each start; its parts cost milliseconds.
const providerRoots = {
  regex: "^@cdkt[fn]/provider-[a-z]+(/lib|/lib/(index|lazy-index)(\\.js)?)?/?$",
  message:
    "Import the part alone, such as @cdktf/provider-aws/lib/vpc: a provider's root costs seconds and 500 MB.",
};
const cdktn = {
  regex: "^cdktn(/|$)",
  message: "Import cdktf: the same code runs on CDK Terrain under an npm alias of that name.",
};
const framework = {
  regex: "^(cdktf|constructs|@cdktf/.*)$",
  message: "This folder knows nothing of cdktf.",
};
const toFolder = (folder, from) => ({
  regex: `^(\\.\\./)+${folder}(/|$)`,
  message: `Imports flow one way: ${from} must not import ${folder} (see docs/design.md).`,
});

const rules = (patterns) => ({ "no-restricted-imports": ["error", { patterns }] });

export default tseslint.config(
  {
    ignores: [
      "dist/",
      "cdktf.out/",
      ".skyline/",
      "**/node_modules/",
      "test/package/consumer/",
      "bench/**/*.js",
      "bench/**/*.mjs",
    ],
  },
  ...tseslint.configs.recommended,
  {
    files: ["**/*.ts"],
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", ignoreRestSiblings: true }],
      "no-restricted-syntax": [
        "error",
        { selector: "TSExportAssignment", message: "Use named exports." },
        {
          selector: "ExportDefaultDeclaration",
          message: "Use named exports: a name is the same everywhere.",
        },
      ],
      "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
      ...rules([providerRoots, cdktn]),
    },
  },
  ...Object.entries(bannedFrom).map(([from, banned]) => ({
    files: [`${from}/**/*.ts`],
    rules: rules([
      providerRoots,
      cdktn,
      ...(["environment", "operations", "cli"].includes(from) ? [framework] : []),
      ...banned.map((folder) => toFolder(folder, from)),
    ]),
  })),
  { files: ["test/**/*.ts"], rules: { "max-lines": "off" } },
  {
    // A promise that nobody waits for is work that ends after its command has.
    files: ["operations/**/*.ts", "cli/**/*.ts", "test/support/**/*.ts"],
    // x.ts are the files that the lint test makes up.
    languageOptions: {
      parserOptions: {
        projectService: {
          allowDefaultProject: ["operations/x.ts", "operations/local/x.ts", "cli/x.ts", "cli/commands/x.ts"],
        },
      },
    },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
    },
  },
  {
    // Rendering is apart from resources, and is tested without cdktf.
    files: [
      "constructs/cluster/*/bootstrap/**/*.ts",
      "constructs/cluster/consul-agent/{agent,script}.ts",
      "constructs/mesh/{consul-*,*-configuration,*-user-data}.ts",
    ],
    ignores: ["constructs/mesh/consul-servers.ts"],
    rules: rules([
      providerRoots,
      cdktn,
      framework,
      ...bannedFrom.constructs.map((folder) => toFolder(folder, "constructs")),
    ]),
  },
  {
    files: ["*.js", "*.mjs", "tools/**/*.mjs"],
    languageOptions: {
      globals: { process: "readonly", console: "readonly", module: "readonly", __dirname: "readonly" },
    },
  },
);
