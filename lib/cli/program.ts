import { Command, CommanderError } from 'commander';

import { PalimpsestError } from '../errors';
import { addDemo } from './demo';
import { EXIT, EXIT_HELP, exitCodeOf } from './exitCode';
import { addGenerate } from './generate';
import { addInspect } from './inspect';
import { addLedger } from './ledger';
import { addMethods } from './methods';
import { addRun } from './run';
import { writeJson, type Terminal } from './terminal';
import { addUnlearnSsd } from './unlearnSsd';
import { packageVersion } from './version';

/**
 * Runs one command line. Results go to `stdout`, everything else to `stderr`; nothing is thrown.
 *
 * @param args what follows the name of the program
 * @returns the exit code
 */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await commandLine(terminal).parseAsync(args, { from: 'user' });
    return EXIT.success;
  } catch (error) {
    const code = exitCodeOf(error);
    // Commander has said already what it had to say.
    if (!(error instanceof CommanderError)) report(error, args.includes('--json'), terminal);
    return code;
  }
}

function commandLine(terminal: Terminal): Command {
  const program = new Command('palimpsest')
    .description('Changes what a trained model knows, and shows what changed.')
    .version(packageVersion())
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
    .showHelpAfterError('(run with --help for the options)')
    .addHelpText('after', EXIT_HELP)
    .exitOverride();
  addDemo(program, terminal);
  addUnlearnSsd(program.command('unlearn').description('forget data'), terminal);
  addLedger(program.command('ledger').description('the record of what was done to a model'), terminal);
  addMethods(program, terminal);
  addInspect(program, terminal);
  addRun(program, terminal);
  addGenerate(program, terminal);
  return program;
}

/** The reason of a failure: for people, or for programs. */
function report(error: unknown, asJson: boolean, { stderr }: Terminal): void {
  const code = error instanceof PalimpsestError ? error.code : 'ERR_INTERNAL';
  const message = error instanceof Error ? error.message : String(error);
  if (asJson) writeJson(stderr, { error: { code, message } });
  else if (error instanceof PalimpsestError) stderr.write(`palimpsest: ${message}\n`);
  // Not one of ours: a bug, and its place is what helps.
  else stderr.write(`palimpsest: ${error instanceof Error ? (error.stack ?? message) : message}\n`);
}
