import { MARKDOWN_MARKER } from "../comment-marker";

// Go templates (text/template with sprig) that take the place of Atlantis' own, which put every output into a code block
// that is coloured as a difference: a review is Markdown. Nothing but what a step marks as Markdown is printed as such.

const comment = (words: string) =>
  `{{/* Written by skyline atlantis generate: do not edit it. ${words} */ -}}\n`;

/** An output of a step, of which only the step's own first line makes Markdown; backticks cannot end the block. */
const OUTPUT = `${comment("What a step has printed.")}{{ define "skylineOutput" -}}
{{- if hasPrefix "${MARKDOWN_MARKER}" . -}}
{{ . | trimPrefix "${MARKDOWN_MARKER}" | trim }}
{{- else -}}
{{ template "skylineText" . }}
{{- end -}}
{{- end -}}
{{ define "skylineText" -}}
\`\`\`text
{{ trim . | replace "\`\`\`" "'''" }}
\`\`\`
{{- end -}}
`;

/** Folded or not by Atlantis' count of lines: the review folds its own details. */
const PLAN = `${comment("A plan that succeeded.")}{{ define "planSuccessUnwrapped" -}}
{{ template "skylineOutput" .TerraformOutput }}

{{ if .PlanWasDeleted -}}
This plan was not saved, as another one failed.
{{ else -}}
{{ if not .DisableApply -}}
* To **apply** this plan, comment:
  \`\`\`shell
  {{ .ApplyCmd }}
  \`\`\`
{{ end -}}
{{ if not .DisableRepoLocking -}}
* To **discard** this plan and its lock, click [here]({{ .LockURL }})
{{ end -}}
* To **plan** this stack again, comment:
  \`\`\`shell
  {{ .RePlanCmd }}
  \`\`\`
{{ end -}}
{{ template "mergedAgain" . -}}
{{ end -}}
{{ define "planSuccessWrapped" -}}
{{ template "planSuccessUnwrapped" . }}
{{- end -}}
`;

const APPLY = `${comment("An apply that succeeded.")}{{ define "applyUnwrappedSuccess" -}}
{{ template "skylineOutput" .Output }}
{{- end -}}
{{ define "applyWrappedSuccess" -}}
{{ template "applyUnwrappedSuccess" . }}
{{- end -}}
`;

/**
 * Atlantis puts a line before a step's output, `exit status 4: running "…" in "…":`. A review that policy refused comes
 * after it and is Markdown, too; all other errors are shown whole, in a code block.
 */
const ERROR = `${comment("A step that failed.")}{{ define "unwrappedErr" -}}
**{{ .Command }} Error**

{{ $said := regexReplaceAll "\\\\Aexit status [0-9]+: running [^\\\\n]*: \\\\n" .Error "" -}}
{{- if hasPrefix "${MARKDOWN_MARKER}" $said -}}
{{ template "skylineOutput" $said }}
{{- else -}}
{{ template "skylineText" .Error }}
{{- end }}
{{ if ne .RenderedContext "" -}}
{{ .RenderedContext }}
{{ end -}}
{{ end -}}
{{ define "wrappedErr" -}}
{{ template "unwrappedErr" . }}
{{- end -}}
`;

/** By file name, below `atlantis/templates`. */
export const templates: Readonly<Record<string, string>> = {
  "apply.tmpl": APPLY,
  "error.tmpl": ERROR,
  "output.tmpl": OUTPUT,
  "plan.tmpl": PLAN,
};
