import type { Argument, Command, Option } from "commander";
import { follow, optionsOf } from "./command-line";

/** Values that a program knows while it runs, by the name in `<…>` of an option or argument. */
export type ValueSources = Readonly<Record<string, () => readonly string[]>>;

/**
 * What the last word of a command line can become.
 *
 * @param words what stands after the program's name; the last one is being typed and may be empty
 */
export function candidates(program: Command, words: readonly string[], sources: ValueSources): string[] {
  const typed = words.at(-1) ?? "";
  return all(program, words.slice(0, -1), typed, sources).filter((candidate) => candidate.startsWith(typed));
}

function all(
  program: Command,
  before: readonly string[],
  typed: string,
  sources: ValueSources,
): readonly string[] {
  const { command, given, option } = follow(program, before);
  if (option !== undefined) {
    return values(option, /<(.+)>/.exec(option.flags)?.[1] ?? "", sources);
  }
  if (typed.startsWith("-")) {
    return optionsOf(command).flatMap(({ long }) => long ?? []);
  }
  const argument = command.registeredArguments[given];
  return [
    ...(given === 0
      ? command
          .createHelp()
          .visibleCommands(command)
          .map((sub) => sub.name())
      : []),
    ...(argument === undefined ? [] : values(argument, argument.name(), sources)),
  ];
}

const values = ({ argChoices }: Option | Argument, name: string, sources: ValueSources): readonly string[] =>
  argChoices ?? sources[name]?.() ?? [];
