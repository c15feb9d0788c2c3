import { z } from "zod";

/**
 * The shape of what Atlantis 0.45 reads, after server/core/config/raw/*.go and cmd/server.go: keys that it knows (it
 * refuses others in the two YAML files, and passes over them in its own configuration), values that it allows. Stricter
 * than Atlantis where that lets a mistake pass: the mode of autodiscover in atlantis.yaml, keys of hooks.
 */

const repositoryRequirement = z.enum(["approved", "mergeable", "undiverged"]);
const requirements = z.array(repositoryRequirement);
/** Between slashes, as everywhere in Atlantis. */
const regexp = z.string().refine((text) => {
  try {
    return (
      text.length > 1 && text.startsWith("/") && text.endsWith("/") && Boolean(new RegExp(text.slice(1, -1)))
    );
  } catch {
    return false;
  }
});
const silenced = z.array(z.enum(["plan", "apply"]));
const repoLocks = z.strictObject({ mode: z.enum(["disabled", "on_plan", "on_apply"]).optional() });
const autodiscover = z.strictObject({
  mode: z.enum(["auto", "enabled", "disabled"]).optional(),
  ignore_paths: z.array(z.string().regex(/^[^/]/)).optional(),
});

const builtIn = z.enum(["init", "plan", "show", "policy_check", "apply", "import", "state_rm", "version"]);
const step = z.union([
  builtIn,
  z.strictObject({ run: z.string() }),
  z.strictObject({ multienv: z.string() }),
  z.strictObject({
    run: z.strictObject({
      command: z.string(),
      output: z.unknown().optional(),
      shell: z.string().optional(),
      shellArgs: z.union([z.string(), z.array(z.string())]).optional(),
    }),
  }),
]);
const stage = z.strictObject({ steps: z.array(step).optional() });
const workflows = z.record(
  z.string(),
  z.strictObject({
    apply: stage.optional(),
    plan: stage.optional(),
    policy_check: stage.optional(),
    import: stage.optional(),
    state_rm: stage.optional(),
  }),
);

/** Without two dots, and without characters of a pattern, which would make it several folders. */
const folder = z
  .string()
  .min(1)
  .regex(/^(?!.*\.\.)[^*?[]+$/);

/** Characters that need no escape in a URL, and the slash. */
const projectName = z.string().regex(/^[A-Za-z0-9_.~/-]+$/);

/** `atlantis.yaml`. */
export const repositorySchema = z.strictObject({
  version: z.union([z.literal(2), z.literal(3)]),
  projects: z
    .array(
      z.strictObject({
        name: projectName.optional(),
        branch: regexp.optional(),
        dir: folder,
        workspace: z
          .string()
          .regex(/^[^\s/\\~-][^\s/\\]*$/)
          .optional(),
        workflow: z.string().optional(),
        terraform_distribution: z.enum(["terraform", "opentofu"]).optional(),
        terraform_version: z.string().optional(),
        autoplan: z
          .strictObject({ when_modified: z.array(z.string()).optional(), enabled: z.boolean().optional() })
          .optional(),
        plan_requirements: requirements.optional(),
        apply_requirements: requirements.optional(),
        import_requirements: requirements.optional(),
        depends_on: z.array(z.string()).optional(),
        delete_source_branch_on_merge: z.boolean().optional(),
        repo_locking: z.boolean().optional(),
        repo_locks: repoLocks.optional(),
        execution_order_group: z.int().optional(),
        policy_check: z.boolean().optional(),
        custom_policy_check: z.boolean().optional(),
        silence_pr_comments: silenced.optional(),
      }),
    )
    .optional(),
  workflows: workflows.optional(),
  policies: z.unknown().optional(),
  autodiscover: autodiscover.optional(),
  automerge: z.boolean().optional(),
  parallel_apply: z.boolean().optional(),
  parallel_plan: z.boolean().optional(),
  delete_source_branch_on_merge: z.boolean().optional(),
  emoji_reaction: z.string().optional(),
  allowed_regexp_prefixes: z.array(z.string()).optional(),
  abort_on_execution_order_fail: z.boolean().optional(),
  repo_locks: repoLocks.optional(),
  silence_pr_comments: silenced.optional(),
});

/** The keys that Atlantis looks at; each value is text. */
const hook = z.strictObject({
  run: z.string(),
  description: z.string().optional(),
  shell: z.string().optional(),
  shellArgs: z.string().optional(),
  commands: z.string().optional(),
});

const override = z.enum([
  "plan_requirements",
  "apply_requirements",
  "import_requirements",
  "workflow",
  "delete_source_branch_on_merge",
  "repo_locking",
  "repo_locks",
  "policy_check",
  "custom_policy_check",
  "silence_pr_comments",
]);

/** `repos.yaml`, the server's side. */
export const serverRepositoriesSchema = z.strictObject({
  repos: z.array(
    z.strictObject({
      id: z.string().min(1),
      branch: regexp.optional(),
      repo_config_file: z
        .string()
        .regex(/^(?!\/)(?!.*\.\.[/\\])/)
        .optional(),
      plan_requirements: requirements.optional(),
      apply_requirements: requirements.optional(),
      import_requirements: requirements.optional(),
      pre_workflow_hooks: z.array(hook).optional(),
      workflow: z.string().optional(),
      post_workflow_hooks: z.array(hook).optional(),
      allowed_workflows: z.array(z.string()).optional(),
      allowed_overrides: z.array(override).optional(),
      allow_custom_workflows: z.boolean().optional(),
      delete_source_branch_on_merge: z.boolean().optional(),
      repo_locking: z.boolean().optional(),
      repo_locks: repoLocks.optional(),
      policy_check: z.boolean().optional(),
      custom_policy_check: z.boolean().optional(),
      autodiscover: autodiscover.optional(),
      silence_pr_comments: silenced.optional(),
    }),
  ),
  workflows: workflows.optional(),
  policies: z.unknown().optional(),
  metrics: z.unknown().optional(),
  team_authz: z.unknown().optional(),
  external_stores: z.unknown().optional(),
});

/** Commands that a comment can name; `all` stands for them. */
const commands = [
  "version",
  "plan",
  "apply",
  "cancel",
  "unlock",
  "approve_policies",
  "import",
  "state",
  "all",
];

const flags = {
  boolean: [
    "allow-draft-prs allow-fork-prs automerge autoplan-modules disable-apply-all disable-autoplan",
    "disable-global-apply-lock disable-markdown-folding disable-repo-locking discard-approval-on-plan",
    "enable-diff-markdown-format enable-drift-detection enable-drift-remediation enable-external-stores",
    "enable-policy-checks enable-profiling-api enable-regexp-cmd fail-on-pre-workflow-hook-error",
    "gh-allow-mergeable-bypass-apply gitlab-status-retry-enabled hide-prev-plan-comments",
    "hide-unchanged-plan-comments include-git-untracked-files parallel-apply parallel-plan pending-apply-status",
    "quiet-policy-checks redis-insecure-skip-verify redis-tls-enabled restrict-file-list silence-allowlist-errors",
    "silence-fork-pr-errors silence-no-projects silence-vcs-status-no-plans silence-vcs-status-no-projects",
    "skip-clone-no-changes tf-download tfe-local-execution-mode use-tf-plugin-cache web-basic-auth",
    "websocket-check-origin write-git-creds",
  ],
  number: [
    "checkout-depth gitea-page-size max-comments-per-command parallel-pool-size port redis-db redis-port",
  ],
  // Those that hold secrets are left out: the generated file has none.
  string: [
    "allow-commands atlantis-url autodiscover-mode automerge-method autoplan-file-list blocked-extra-args",
    "checkout-strategy data-dir default-tf-distribution default-tf-version disable-autoplan-label emoji-reaction",
    "executable-name gh-hostname gh-team-allowlist gitlab-hostname ignore-vcs-status-names locking-db-type log-level",
    "markdown-template-overrides-dir repo-allowlist repo-config share-plan-dir ssl-cert-file ssl-key-file",
    "var-file-allowlist vcs-status-name web-username",
  ],
};

const each = (lines: readonly string[], shape: z.ZodType) =>
  Object.fromEntries(lines.flatMap((line) => line.split(" ")).map((flag) => [flag, shape.optional()]));

/** `server.yaml`, Atlantis' own configuration. */
export const serverSchema = z.strictObject({
  ...each(flags.boolean, z.boolean()),
  ...each(flags.number, z.int()),
  ...each(flags.string, z.string()),
  "allow-commands": z.string().refine((list) => list.split(",").every((name) => commands.includes(name))),
  "autodiscover-mode": z.enum(["auto", "enabled", "disabled"]),
  "checkout-strategy": z.enum(["branch", "merge"]),
  "repo-allowlist": z.string().regex(/^(?!.*:\/\/)./),
});
