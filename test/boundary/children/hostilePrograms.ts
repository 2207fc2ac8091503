// Runs mutants of the programs that our ops make, and prints what came of them: hostilePrograms [first] [count].
import { writeSync } from 'node:fs';

import { codeOf as limitCode } from '../../../bench/limits';
import { evaluate } from '../../../lib/graph/evaluate';
import { native } from '../../../lib/native';
import { grad, valueAndGrad } from '../../../lib/transforms/grad';
import { vjp } from '../../../lib/transforms/vjp';
import { add, square } from '../../../lib/ops/elementwise/arithmetic';
import { tensor } from '../../../lib/graph/create';
import { softmaxCrossEntropy } from '../../../lib/ops/losses';
import { softmax } from '../../../lib/ops/networks';
import { matmul } from '../../../lib/ops/products/matmul';
import { sum } from '../../../lib/ops/reduce/sum';
import { dtypesOf, functionOf, inputsOf, outputsOf, variablesOf, type Case, type Row } from '../../ops/row';
import { table } from '../../ops/table';
import { memoryAtRest } from '../../support/garbage';
import { sequence } from '../../support/sequence';
import { addon, codeOf, isStarted } from './addon';
import { bytesOf, decoded, INPUT, type EncodedProgram } from './encodedProgram';
import { mutant, type Dice } from './mutate';

export interface ProgramsReport {
  readonly programs: number;
  readonly kernels: number;
  /** Kernels that no program used. */
  readonly unused: readonly string[];
  readonly mutants: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Mutants that ended otherwise than by an answer or an error with a code. */
  readonly wrong: readonly string[];
  /** How long a mutant that ran for too long took to stop when it was told to, at most. */
  readonly slowestStopMs: number;
  readonly liveBytes: number;
}

const SEED = 20240611;
const MEMORY_LIMIT_BYTES = 32 << 20;
/** A mutant may ask for much work; it is stopped after this, and must then stop at once. */
const LONGEST_RUN_MS = 300;
const LONGEST_STOP_MS = process.env['PALIMPSEST_SANITIZED'] === '1' ? 60_000 : 10_000;
/** Elements of an input that is kept ready; larger ones are not provided. */
const LARGEST_INPUT_BYTES = 1 << 20;

/** The kernels that are no ops: the yardsticks of the benchmarks. */
const LIMITS = [
  { kernel: 'benchFmaPeak', inputs: [2], output: 4, attribute: 16 },
  { kernel: 'benchTriad', inputs: [17, 17], output: 17, attribute: 3 },
].map(limitCode);

/** The programs of every op of the table and of its gradient, and those of the limits. */
async function programsOfTheTable(): Promise<EncodedProgram[]> {
  const codes = new Map<string, Float64Array>();
  const zeros = (shape: readonly number[]) =>
    tensor(new Float32Array(shape.reduce((n, m) => n * m, 1)), { shape });
  const create = native.createProgram;
  native.createProgram = (code) => {
    codes.set(code.join(), code);
    throw new Error('recorded');
  };
  for (const row of table) {
    for (const of of row.cases) {
      for (const float of dtypesOf(row)) {
        const inputs = inputsOf(of, float);
        await evaluate([...outputsOf(row, inputs, of.options)]).catch(() => undefined);
        if (row.orders !== 0) await evaluate(gradient(row, of, inputs)).catch(() => undefined);
      }
    }
  }
  // No op by itself: lowering makes `addProduct` of a sum and a product of low rank.
  const [w, a, b] = [zeros([300, 256]), zeros([300, 2]), zeros([2, 256])];
  await evaluate(add(w, matmul(a, b))).catch(() => undefined);
  // Nor these: a softmax's gradient beside the softmax, and losses that are an output of their gradient.
  const scores = zeros([4, 7]);
  const shares = vjp((x: typeof scores) => softmax(x), scores);
  await evaluate([shares.value, shares.pull(zeros([4, 7]))]).catch(() => undefined);
  const labels = tensor(new Int32Array(4));
  const loss = valueAndGrad((x: typeof scores) => sum(softmaxCrossEntropy(x, labels)))(scores);
  await evaluate([loss.value, loss.grad]).catch(() => undefined);
  native.createProgram = create;
  return [...codes.values(), ...LIMITS].map(decoded);
}

function gradient(row: Row, of: Case, inputs: ReturnType<typeof inputsOf>): ReturnType<typeof inputsOf> {
  const variables = variablesOf(of).map((i) => inputs[i]!);
  if (variables.length === 0) return [];
  const fn = functionOf(row, of, inputs);
  const loss = (x: typeof inputs): (typeof inputs)[number] =>
    fn(x)
      .map((y) => sum(square(y)))
      .reduce((total, part) => add(total, part));
  return grad(loss)(variables);
}

/** Bytes for an input: mostly good indices, small floats, true and false; now and then anything. */
function contents(bytes: number, dtype: number, dice: Dice): Uint8Array {
  const isWild = dice(8) === 0;
  const any = (): number => dice(2 ** 32);
  if (isWild) return new Uint8Array(Uint32Array.from({ length: Math.ceil(bytes / 4) }, any).buffer, 0, bytes);
  const float = (): number => dice(1000) / 250 - 2;
  if (dtype === 0) return new Uint8Array(Float32Array.from({ length: Math.ceil(bytes / 4) }, float).buffer);
  if (dtype === 1) return new Uint8Array(Float64Array.from({ length: Math.ceil(bytes / 8) }, float).buffer);
  if (dtype === 2)
    return new Uint8Array(Int32Array.from({ length: Math.ceil(bytes / 4) }, () => dice(3)).buffer);
  if (dtype === 7)
    return new Uint8Array(BigInt64Array.from({ length: Math.ceil(bytes / 8) }, () => BigInt(dice(3))).buffer);
  return Uint8Array.from({ length: bytes }, () => dice(2));
}

function inputsFor(program: EncodedProgram, dice: Dice): unknown[] {
  return Array.from({ length: Math.min(program.inputCount, 64) }, (_, index) => {
    const values = program.values.filter((value) => value.placeKind === INPUT && value.placeIndex === index);
    const bytes = Math.max(
      0,
      ...values.map((value) => value.offset + bytesOf(value)).filter((size) => size <= LARGEST_INPUT_BYTES),
    );
    return addon['createBuffer']!(contents(bytes, values[0]?.dtype ?? 0, dice));
  });
}

/** Runs one mutant. */
async function outcomeOf(good: EncodedProgram, dice: Dice, kernels: number): Promise<string> {
  let inputs: unknown[] = [];
  try {
    const code = mutant(good, dice, kernels);
    const program = addon['createProgram']!(code);
    inputs = inputsFor(decoded(code), dice);
    addon['setThreads']!(1 + dice(2));
    const started = addon['runProgram']!(program, inputs);
    if (!isStarted(started)) return 'no task';
    const outputs = await stoppedInTime(started.promise, started.task);
    if (outputs === 'hung') return 'hung';
    for (const output of outputs) addon['releaseBuffer']!(output);
    return 'answered';
  } catch (error) {
    return codeOf(error) ?? `no code: ${String(error)}`;
  } finally {
    for (const input of inputs) addon['releaseBuffer']!(input);
  }
}

let slowestStopMs = 0;

async function stoppedInTime(promise: Promise<unknown>, task: unknown): Promise<unknown[] | 'hung'> {
  let stoppedAt = Infinity;
  const stop = setTimeout(() => {
    stoppedAt = performance.now();
    addon['cancelTask']!(task);
  }, LONGEST_RUN_MS);
  let give: NodeJS.Timeout | undefined;
  const hung = new Promise<'hung'>((resolve) => {
    give = setTimeout(() => resolve('hung'), LONGEST_RUN_MS + LONGEST_STOP_MS);
  });
  try {
    return (await Promise.race([promise, hung])) as unknown[] | 'hung';
  } finally {
    slowestStopMs = Math.max(slowestStopMs, performance.now() - stoppedAt);
    clearTimeout(stop);
    clearTimeout(give);
  }
}

async function main(): Promise<void> {
  const [first = 0, count = 4000] = process.argv.slice(2).map(Number);
  const names = addon['kernelNames']!() as string[];
  const programs = await programsOfTheTable();
  const used = new Set(
    programs.flatMap(({ instructions }) => instructions.map(({ kernel }) => names[kernel])),
  );
  addon['setMemoryLimit']!(MEMORY_LIMIT_BYTES);
  const outcomes: Record<string, number> = {};
  const wrong: string[] = [];
  for (let number = first; number < first + count; number++) {
    writeSync(2, `mutant ${number}\n`);
    const next = sequence(SEED + number);
    const dice: Dice = (bound) => Math.floor(next() * bound);
    const good = programs[dice(programs.length)]!;
    const outcome = await outcomeOf(good, dice, names.length);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (outcome !== 'answered' && !outcome.startsWith('ERR_')) wrong.push(`mutant ${number}: ${outcome}`);
    if (outcome === 'hung' || outcome === 'ERR_INTERNAL') wrong.push(`mutant ${number}: ${outcome}`);
    if (outcome === 'hung') break;
  }
  const report: ProgramsReport = {
    programs: programs.length,
    kernels: names.length,
    unused: names.filter((name) => !used.has(name)),
    mutants: count,
    outcomes,
    wrong,
    slowestStopMs,
    liveBytes: (await memoryAtRest()).liveBytes,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
}

void main();
