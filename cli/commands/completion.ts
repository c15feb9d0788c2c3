import { Argument, type Command } from "commander";
import { listEnvironments } from "../../environment/folder";
import { candidates, type ValueSources } from "../completion";
import { examples } from "../examples";
import type { Session } from "../session";

/** Each asks the program itself, so that no script has to be renewed for a new command or environment. */
const scripts = {
  bash: `_skyline() {
  local IFS=$'\\n'
  COMPREPLY=($(skyline __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _skyline skyline
`,
  zsh: `#compdef skyline
_skyline() {
  local -a found
  found=("\${(@f)$(skyline __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -- \${found:#} || _files
}
if [[ $funcstack[1] == _skyline ]]; then _skyline; else compdef _skyline skyline; fi
`,
  fish: `complete -c skyline -f -a '(skyline __complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
} as const;

const sources: ValueSources = { environment: () => listEnvironments("environments") };

/** `skyline completion`, and the hidden command that its scripts ask. */
export function completionCommand(program: Command, session: Session): void {
  examples(
    program
      .command("completion")
      .description("print a script that completes commands, options and environments in a shell")
      .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(scripts)))
      .action(
        session.action((shell: keyof typeof scripts) => ({ data: scripts[shell], text: scripts[shell] })),
      ),
    "skyline completion bash > ~/.local/share/bash-completion/completions/skyline",
    'skyline completion zsh > "${fpath[1]}/_skyline"',
    "skyline completion fish > ~/.config/fish/completions/skyline.fish",
  );
  program
    .command("__complete [words...]", { hidden: true })
    .action(session.action((words: string[]) => complete(program, words)));
}

function complete(program: Command, words: readonly string[]) {
  const found = candidates(program, words, sources);
  return { data: found, text: found.join("\n") };
}
