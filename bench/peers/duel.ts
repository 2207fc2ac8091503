import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';

import type { Params } from './contest';
import type { Fingerprint } from './fingerprint';

/** Who computes: this package, PyTorch, oneDNN called directly, or a library for Node. */
export type Side = 'palimpsest' | 'pytorch' | 'onednn' | 'node';

const ROOT = resolve(__dirname, '../..');

/** Two threads each; and nobody burns a core while another is timed. */
const ENVIRONMENT = { ...process.env, OMP_NUM_THREADS: '2', MKL_NUM_THREADS: '2' };

export interface Tools {
  /** A Python that has PyTorch. */
  readonly python: string;
  /** The yardstick that calls oneDNN, where it can be built. */
  readonly onednn?: string | undefined;
}

function commandOf(
  side: Side,
  params: Params,
  { python, onednn = '' }: Tools,
): readonly [string, readonly string[]] {
  const asked = JSON.stringify(params);
  if (side === 'pytorch') return [python, [resolve(__dirname, 'pytorch/contestant.py'), asked]];
  if (side === 'onednn') return [onednn, [asked]];
  const script = side === 'node' ? 'node/contestant.ts' : 'contestant.ts';
  return [process.execPath, ['--import', 'tsx', resolve(__dirname, script), asked]];
}

/** What a contestant says at its end. */
export interface Farewell {
  /** The most that the process has held. */
  readonly peak_mb: number;
  /** What it may have held, where our contest says so. */
  readonly allowed_mb?: number;
  readonly counts?: Readonly<Record<string, number>>;
  readonly fingerprint: readonly Fingerprint[];
}

/** A process that computes one thing whenever it is told to. */
export class Contestant implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #complaints = '';
  /** Seconds of the very first run, compilation included. */
  first = NaN;

  private constructor(
    readonly side: Side,
    readonly params: Params,
    tools: Tools,
  ) {
    const [command, args] = commandOf(side, params, tools);
    this.#child = spawn(command, args, { cwd: ROOT, env: ENVIRONMENT });
    this.#child.stderr.on(
      'data',
      (chunk: Buffer) => (this.#complaints = (this.#complaints + chunk.toString()).slice(-2000)),
    );
    this.#child.stdin.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Starts a process and waits until it is warm. @throws Error with what it said when it cannot compute. */
  static async start(side: Side, params: Params, tools: Tools): Promise<Contestant> {
    const contestant = new Contestant(side, params, tools);
    try {
      contestant.first = (await contestant.#hear<{ first_s: number }>()).first_s;
    } catch (error) {
      await contestant[Symbol.asyncDispose]();
      throw error;
    }
    return contestant;
  }

  async #hear<M>(): Promise<M> {
    const { value, done } = await this.#lines.next();
    if (done === true)
      throw new Error(`${this.side} ${JSON.stringify(this.params)} ended early:\n${this.#complaints}`);
    return JSON.parse(value) as M;
  }

  /** One run, in seconds. */
  async run(): Promise<number> {
    this.#child.stdin.write('run\n');
    return (await this.#hear<{ seconds: number }>()).seconds;
  }

  async end(): Promise<Farewell> {
    this.#child.stdin.write('end\n');
    return this.#hear<Farewell>();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill();
    await once(this.#child, 'exit');
  }
}
