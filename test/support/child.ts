import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How a child process ended, and what it said. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** `Date.now()` when it ended. */
  readonly endedAt: number;
}

export interface ChildOptions {
  readonly args?: readonly string[];
  /** Options of node itself. */
  readonly nodeOptions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the child's process id when it has said its first line. */
  readonly onFirstLine?: (pid: number) => void;
  /** After this the child is killed. */
  readonly limitMs?: number;
}

/** True under the sanitizers, where the limits of time and memory mean nothing. */
export const isSanitized = process.env['PALIMPSEST_SANITIZED'] === '1';

/** How long a child, or a test of many runs, may take on a busy machine: for `jest.setTimeout`. */
export const PATIENCE_MS = isSanitized ? 600_000 : 300_000;

/** Runs test/boundary/children/`name`.ts in a process of its own. Never rejects: how it ended is the answer. */
export function runChild(name: string, options: ChildOptions = {}): Promise<Ended> {
  const { args = [], nodeOptions = [], env = {}, onFirstLine, limitMs = PATIENCE_MS } = options;
  const script = join(__dirname, '..', 'boundary', 'children', `${name}.ts`);
  // A file, not a pipe: a child that writes where it is never has to wait for us.
  const folder = mkdtempSync(join(tmpdir(), 'palimpsest-child-'));
  const errors = join(folder, 'stderr');
  const errorFile = openSync(errors, 'w');
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--require', 'tsx/cjs', ...nodeOptions, script, ...args], {
      cwd: join(__dirname, '..', '..'),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', errorFile],
      timeout: limitMs,
      killSignal: 'SIGKILL',
    });
    closeSync(errorFile);
    let stdout = '';
    let endedAt = 0;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const isFirst = !stdout.includes('\n');
      stdout += text;
      if (isFirst && stdout.includes('\n') && child.pid !== undefined) onFirstLine?.(child.pid);
    });
    child.on('exit', () => (endedAt = Date.now()));
    child.on('close', (status, signal) => {
      const stderr = readFileSync(errors, 'utf8');
      rmSync(folder, { recursive: true });
      resolve({ status, signal, stdout, stderr, endedAt });
    });
  });
}

/** The last line that a child said, as JSON; throws with all that it said when it did not end well. */
export function reportOf(ended: Ended): unknown {
  if (ended.status !== 0) {
    const said = `${ended.stdout}\n${ended.stderr}`.trim().slice(-1500);
    throw new Error(`the child ended with ${ended.signal ?? `status ${ended.status}`}:\n${said}`);
  }
  return JSON.parse(ended.stdout.trim().split('\n').at(-1) ?? '');
}
