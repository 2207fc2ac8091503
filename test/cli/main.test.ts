import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAIN = join(__dirname, '../../lib/cli/main.ts');
/** Loading the sources through a compiler on a busy machine takes a while. */
const PATIENCE = 60_000;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program itself, and sends it a signal at its first word on the error output. */
function palimpsest(args: readonly string[], stop?: NodeJS.Signals): Promise<Ended> {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  if (stop) child.stderr.once('data', () => child.kill(stop));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

describe('the palimpsest program', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'palimpsest main '))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it(
    'prints results on standard output and nothing else',
    async () => {
      const { code, stdout, stderr } = await palimpsest(['methods', '--json']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toHaveProperty('methods');
    },
    PATIENCE,
  );

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'stops at %s with 130, and leaves nothing half-written',
    async (signal) => {
      const out = join(folder, 'out');
      // The first word is that of the progress: the training has begun.
      const { stderr, ...ended } = await palimpsest(['demo', '--quick', '--out', out], signal);
      expect(ended).toEqual({ code: 130, signal: null, stdout: '' });
      expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^palimpsest: .*abort/);
      expect(existsSync(out) ? readdirSync(out) : []).toEqual([]);
    },
    PATIENCE,
  );
});
