import { renderTable, wantsColor, type Column } from '../report/table';

/** Somewhere text goes; a terminal or not. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** All that a command knows of the world outside: tests put their own in its place. */
export interface Terminal {
  /** Results. */
  readonly stdout: Output;
  /** Everything else: progress, warnings, errors. */
  readonly stderr: Output;
  readonly environment: NodeJS.ProcessEnv;
  /** Fires when the user interrupts. */
  readonly signal: AbortSignal;
}

/** Results as one line of JSON. */
export function writeJson(output: Output, value: unknown): void {
  output.write(`${JSON.stringify(value)}\n`);
}

/** Results as a table: as wide as the terminal, or one line per row where other programs may read it. */
export function writeTable<Row>(
  terminal: Terminal,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): void {
  const { environment, stdout } = terminal;
  const color = wantsColor(stdout, environment);
  stdout.write(
    renderTable(rows, columns, { color, maxWidth: stdout.isTTY === true ? stdout.columns : undefined }),
  );
}

/** What the user should know, on the error output. */
export function warn(terminal: Terminal, warnings: readonly string[]): void {
  for (const warning of warnings) terminal.stderr.write(`palimpsest: warning: ${warning}\n`);
}
