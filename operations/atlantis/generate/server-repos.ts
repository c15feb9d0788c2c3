import { showYaml } from "../strict-yaml";
import type { Settings } from "./settings";

/** Seconds that a plan waits for the job that publishes the stacks of its commit. */
const WAIT_FOR_BUNDLE = 1200;

/** Why steps that change a state past every review are refused. */
const NO_IMPORT =
  "An import or a removal from the state is part of the code here: import and removed blocks, in a pull request.";

/**
 * `repos.yaml`, the server's side of the repository (`--repo-config`). Every word of its commands is fixed or a path of
 * the settings; what belongs to a pull request reaches them by environment variables alone.
 */
export function reposFile({ repository, branch, folder, liveDial }: Settings): string {
  const options = `--trust ${folder}/trust.yaml`;
  const step = (command: string) => ({
    // One pipe for both outputs: Atlantis reads two of them in any order.
    steps: [{ run: `skyline atlantis ${command} ${options}${liveDial ? " --live" : ""} 2>&1` }],
  });
  const refused = { steps: [{ run: `echo "${NO_IMPORT}"; exit 4` }] };
  return showYaml(HEADER, {
    repos: [
      {
        id: repository,
        branch: `/^${branch.replaceAll(".", "\\.")}$/`,
        // A plan is what people approve, so it comes before their approval.
        plan_requirements: ["undiverged"],
        apply_requirements: ["approved", "mergeable", "undiverged"],
        import_requirements: ["approved", "mergeable", "undiverged"],
        allowed_overrides: [],
        allow_custom_workflows: false,
        allowed_workflows: ["skyline"],
        workflow: "skyline",
        autodiscover: { mode: "disabled" },
        repo_locks: { mode: "on_plan" },
        policy_check: false,
        custom_policy_check: false,
        delete_source_branch_on_merge: false,
        pre_workflow_hooks: [
          {
            run: `skyline atlantis fetch ${options} --timeout ${WAIT_FOR_BUNDLE}`,
            description: "fetch and verify the stacks of the head commit",
            commands: "plan",
          },
        ],
      },
    ],
    workflows: {
      skyline: {
        plan: step("plan"),
        apply: step("apply"),
        import: refused,
        state_rm: refused,
      },
    },
  });
}

const HEADER = [
  "Written by skyline atlantis generate: do not edit it. Atlantis' server takes it from its own copy (--repo-config).",
];
