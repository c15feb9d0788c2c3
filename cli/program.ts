import { Command, CommanderError } from "commander";
import { follow, nameOf } from "./command-line";
import { commandsFor } from "./command-table";
import { failed } from "./error-report";
import { examples } from "./examples";
import { exitCodes, type ExitCode } from "./exit";
import { printResult, type Streams } from "./output";
import { packageVersion } from "./package";
import { Session } from "./session";

/**
 * The program with its commands, ready to parse.
 *
 * @param argv when given, only the commands that this command line needs are in it
 */
export function buildProgram(
  session: Session,
  { stdout, stderr }: Streams,
  argv: readonly string[] = [],
): Command {
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
  commandsFor(argv).forEach((add) => add(program, session));
  return examples(program, "skyline env validate", "skyline help env");
}

/** Runs one command line; never throws. @returns the exit code */
export async function run(argv: readonly string[], streams: Streams): Promise<ExitCode> {
  const session = new Session(streams);
  const program = buildProgram(session, streams, argv);
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
