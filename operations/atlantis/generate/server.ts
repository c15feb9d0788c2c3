import { showYaml } from "../strict-yaml";
import type { Settings } from "./settings";

/**
 * `server.yaml`, flags of Atlantis' server (`--config`). It holds no secret: Atlantis reads those from its environment.
 * Flags that are off by default stand here as well where this flow depends on them.
 */
export const serverFile = ({ repository, folder }: Settings): string =>
  showYaml(HEADER, {
    "repo-allowlist": repository,
    "repo-config": `${folder}/repos.yaml`,
    "markdown-template-overrides-dir": `${folder}/templates`,

    // Without it a plan goes on after a bundle was refused.
    "fail-on-pre-workflow-hook-error": true,
    // With any other strategy Atlantis takes every branch for undiverged.
    "checkout-strategy": "merge",
    "checkout-depth": 0,
    "autodiscover-mode": "disabled",
    "allow-fork-prs": false,
    "allow-draft-prs": false,

    // No import and state, which change a state past every review, and no version, which runs Terraform in the clone.
    "allow-commands": "plan,apply,unlock,cancel",
    // Stacks are applied one by one, each by its name and after its own review.
    "disable-apply-all": true,
    "enable-regexp-cmd": false,
    "restrict-file-list": true,
    "include-git-untracked-files": false,
    // A later plan, as of a stack that had to wait, wants an approval of its own.
    "discard-approval-on-plan": true,
    "hide-prev-plan-comments": true,
    "hide-unchanged-plan-comments": false,
    // Atlantis' own apply status may be required by the branch's protection before anything is applied.
    "gh-allow-mergeable-bypass-apply": true,
    automerge: false,

    "parallel-plan": true,
    "parallel-apply": false,
    "parallel-pool-size": 4,
    // The server's own Terraform, whichever version a pull request names.
    "tf-download": false,
    "use-tf-plugin-cache": false,
    "write-git-creds": false,
    "enable-diff-markdown-format": false,
    "disable-markdown-folding": false,
    "enable-policy-checks": false,
    "enable-drift-detection": false,
    "enable-profiling-api": false,
    "web-basic-auth": true,
    "websocket-check-origin": true,
  });

const HEADER = [
  "Written by skyline atlantis generate: do not edit it. Start Atlantis with --config and this file; give it its address,",
  "the credentials of the VCS, the webhook's secret and ATLANTIS_WEB_PASSWORD by environment variables.",
];
