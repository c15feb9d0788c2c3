import { Command, CommanderError } from "commander";
import { follow, nameOf } from "./command-line";
import { completionCommand } from "./commands/completion";
import { envCommand } from "./commands/env";
import { localCommand } from "./commands/local";
import { manifestsCommand } from "./commands/manifests";
import { pkiCommand } from "./commands/pki";
import { failed } from "./error-report";
import { examples } from "./examples";
import { exitCodes, type ExitCode } from "./exit";
import { printResult, type Streams } from "./output";
import { meshCommand } from "./mesh/mesh";
import { packageVersion } from "./package";
import { Session } from "./session";

/** Every command of the program; each adds itself to it. */
const commands = [envCommand, localCommand, manifestsCommand, meshCommand, pkiCommand, completionCommand];

/** The program with its commands, ready to parse. */
export function buildProgram(session: Session, { stdout, stderr }: Streams): Command {
  const program = new Command("skyline")
    .description("Several Kubernetes clusters an environment, behind one service mesh")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .option("--json", "print one JSON document on stdout")
    .option("--debug", "print the stack of an unexpected error")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      // Told with all other errors, in one form.
      outputError: () => undefined,
    })
    .exitOverride();
  commands.forEach((add) => add(program, session));
  return examples(program, "skyline env validate", "skyline help env");
}

/** Runs one command line; never throws. @returns the exit code */
export async function run(argv: readonly string[], streams: Streams): Promise<ExitCode> {
  const session = new Session(streams);
  const program = buildProgram(session, streams);
  try {
    await program.parseAsync(argv, { from: "user" });
    const result = session.result;
    if (result !== undefined) {
      printResult(streams, result, isSet(program, "json"));
    }
    return result?.exitCode ?? exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      return exitCodes.done;
    }
    const { exitCode, errors } = failed(error, `${nameOf(follow(program, argv).command)} --help`);
    printResult(streams, { data: null, text: "", exitCode, errors }, isSet(program, "json"));
    if (exitCode === exitCodes.bug && isSet(program, "debug") && error instanceof Error) {
      streams.stderr.write(`${error.stack}\n`);
    }
    return exitCode;
  }
}

const isSet = (program: Command, option: string) => program.opts<Record<string, unknown>>()[option] === true;
