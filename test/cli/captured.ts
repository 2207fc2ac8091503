import { Writable } from 'node:stream';

import { runCommand } from '../../lib/cli/program';
import type { Terminal } from '../../lib/cli/terminal';

/** What a command said and how it ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An output that remembers; a terminal when it is told so. */
export class Captured extends Writable {
  text = '';

  constructor(
    readonly isTTY = false,
    readonly columns = 80,
  ) {
    super({ decodeStrings: false });
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.text += chunk;
    done();
  }
}

/** Runs a command line in this process. */
export async function run(args: readonly string[], changed: Partial<Terminal> = {}): Promise<Ended> {
  const [stdout, stderr] = [new Captured(), new Captured()];
  const { signal } = new AbortController();
  const code = await runCommand(args, { stdout, stderr, environment: {}, signal, ...changed });
  return { code, stdout: stdout.text, stderr: stderr.text };
}
