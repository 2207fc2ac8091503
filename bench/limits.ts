import { tensor } from '../lib/graph/create';
import { Storage, type Tensor } from '../lib/graph/tensor';
import { kernelNumbers, native, type ProgramHandle } from '../lib/native';
import { allocate, dtypeCode } from '../lib/graph/dtype';
import { evaluate } from '../lib/graph/evaluate';
import { full } from '../lib/ops/elementwise/arithmetic';
import type { Contender } from './subject';

// What the machine can do at most. The two kernels are no ops: their programs are written here by hand, in the
// format of native/core/program.h.

export const FMA_PEAK = 'FMA peak';
export const TRIAD = 'triad';

const MULTIPLY_ADDS_PER_ROUND = 768; // native/kernels/bench/loops.h
const ROUNDS = 1 << 14;
/** Enough pieces for any number of threads to share evenly. */
const PIECES = 32;
/** Three arrays of 32 MiB: more than the caches hold. */
const TRIAD_SIZE = 1 << 23;

const VERSION = 2;
const INPUT = 0;
const OUTPUT = 1;

/** One kernel over vectors, with one output and one attribute. */
export interface VectorCall {
  readonly kernel: string;
  /** The lengths of its inputs, and of its output. */
  readonly inputs: readonly number[];
  readonly output: number;
  readonly attribute: number;
}

/** The program that makes this call. */
export function codeOf({ kernel, inputs, output, attribute }: VectorCall): Float64Array {
  const number = kernelNumbers.get(kernel);
  if (number === undefined) throw new Error(`no kernel '${kernel}' in the addon`);
  const float32 = dtypeCode('float32');
  const header = [VERSION, inputs.length, 1, 0];
  const values = inputs.flatMap((length, i) => [float32, INPUT, i, 0, 1, length]);
  const outputValue = [float32, OUTPUT, 0, 0, 1, output];
  const instruction = [number, inputs.length, ...inputs.keys(), 1, inputs.length, 1, attribute];
  return Float64Array.from([...header, inputs.length + 1, ...values, ...outputValue, 1, ...instruction]);
}

/** Runs a program and hands its output to `read` before it is freed. */
async function run(
  program: ProgramHandle,
  inputs: readonly Tensor[],
  read: (storage: Storage) => void = () => undefined,
): Promise<void> {
  const handles = await native.runProgram(
    program,
    inputs.map(({ storage }) => storage.handle),
  );
  const storages = handles.map((handle) => new Storage(handle).retain());
  storages.forEach(read);
  for (const storage of storages) storage.release();
}

/** Throws unless every element of the output is one of `allowed`. */
const expectElements =
  (where: string, size: number, allowed: readonly number[]) =>
  ({ handle }: Storage): void => {
    const elements = allocate('float32', size);
    native.readBuffer(handle, 0, elements);
    const wrong = elements.find((element) => !allowed.includes(element));
    if (wrong !== undefined) throw new Error(`${where}: ${wrong} instead of ${allowed.join(' or ')}`);
  };

/** As many multiply-adds as the processor makes from registers. */
async function fmaPeak(): Promise<Contender> {
  const program = native.createProgram(
    codeOf({ kernel: 'benchFmaPeak', inputs: [2], output: PIECES, attribute: ROUNDS }),
  );
  const coefficients = [tensor([0.5, 1])];
  // x / 2 + 1 tends to 2; twelve chains of vectors with 4, 8 or 16 lanes are added up.
  const sums = [4, 8, 16].map((lanes) => 12 * lanes * 2);
  await run(program, coefficients, expectElements(FMA_PEAK, PIECES, sums));
  return {
    name: FMA_PEAK,
    run: () => run(program, coefficients),
    flops: 2 * MULTIPLY_ADDS_PER_ROUND * ROUNDS * PIECES,
  };
}

/** a = b + 3 c: as many bytes as memory moves. */
async function triad(): Promise<Contender> {
  const [size, scale] = [TRIAD_SIZE, 3];
  const program = native.createProgram(
    codeOf({ kernel: 'benchTriad', inputs: [size, size], output: size, attribute: scale }),
  );
  const inputs = await evaluate([full([TRIAD_SIZE], 1), full([TRIAD_SIZE], 2)]);
  await run(program, inputs, expectElements(TRIAD, TRIAD_SIZE, [7]));
  return { name: TRIAD, run: () => run(program, inputs), bytes: 3 * 4 * TRIAD_SIZE };
}

/** The two yardsticks, checked; timed in every round beside what they measure. */
export async function limits(): Promise<readonly Contender[]> {
  return [await fmaPeak(), await triad()];
}
