import type { Command, Option } from "commander";

/** How far a command line has come. */
export interface Position {
  readonly command: Command;
  /** Arguments of that command that are given. */
  readonly given: number;
  /** The option whose value comes next. */
  readonly option?: Option;
}

/** Follows words through a program's commands, as commander would. */
export function follow(program: Command, words: readonly string[]): Position {
  return words.reduce<Position>(step, { command: program, given: 0 });
}

function step({ command, given, option }: Position, word: string): Position {
  if (option !== undefined) {
    return { command, given };
  }
  if (word.startsWith("-")) {
    const found = optionsOf(command).find(({ short, long }) => word === short || word === long);
    return { command, given, option: found !== undefined && found.required ? found : undefined };
  }
  const next =
    given === 0
      ? command.commands.find((sub) => sub.name() === word || sub.aliases().includes(word))
      : undefined;
  return next === undefined ? { command, given: given + 1 } : { command: next, given: 0 };
}

/** Options that a command takes: its own, and those of the program. */
export function optionsOf(command: Command): Option[] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
}

/** `skyline env validate` */
export function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}
