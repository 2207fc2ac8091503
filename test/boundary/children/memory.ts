// One scenario of using and letting go of memory, measured after a warm-up of half as many rounds and at the
// end: memory SCENARIO ROUNDS.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { compile } from '../../../lib/graph/compile';
import { tensor } from '../../../lib/graph/create';
import { evaluate } from '../../../lib/graph/evaluate';
import type { Parameters } from '../../../lib/graph/parameters';
import type { Tensor } from '../../../lib/graph/tensor';
import { tidy } from '../../../lib/graph/tidy';
import { tensorsOf } from '../../../lib/graph/tree';
import { readSafetensors } from '../../../lib/io/safetensors';
import { writeSafetensors } from '../../../lib/io/writeSafetensors';
import { mlp } from '../../../lib/models/mlp';
import type { MemoryCounters } from '../../../lib/native';
import { softmaxCrossEntropy } from '../../../lib/ops/losses/softmaxCrossEntropy';
import { mean } from '../../../lib/ops/reduce/reduce';
import { sum } from '../../../lib/ops/reduce/sum';
import { adam } from '../../../lib/optim/adam';
import { grad } from '../../../lib/transforms/grad';
import { memoryAtRest } from '../../support/garbage';
import { directions, sequence } from '../../support/sequence';
import { tensorOf } from '../../support/tensors';

export interface MemoryReport {
  /** Resident bytes after the warm-up and at the end. */
  readonly warmBytes: number;
  readonly endBytes: number;
  /** The engine's counters when everything has been let go of. */
  readonly counters: MemoryCounters;
}

interface Scenario {
  readonly round: (number: number) => Promise<void>;
  readonly end: () => void;
}

const WIDTH = 64;
const EXAMPLES = 64;
const model = mlp({ inputs: WIDTH, hidden: [WIDTH], classes: 10 }, { seed: 1 });
const x = tensorOf(directions(EXAMPLES * WIDTH, sequence(1)), [EXAMPLES, WIDTH], 'float32');
const y = tensor(Int32Array.from({ length: EXAMPLES }, (_, i) => i % 10));
const loss = (parameters: Parameters): Tensor => mean(softmaxCrossEntropy(model.forward(parameters, x), y));

/** Steps of Adam, everything disposed by hand. */
function training(): Scenario {
  const optimizer = adam();
  const step = compile((parameters: Parameters, state: ReturnType<typeof optimizer.init<Parameters>>) =>
    optimizer.step(parameters, grad(loss)(parameters), state),
  );
  let now = { params: model.parameters.map((p) => p), state: optimizer.init(model.parameters) };
  return {
    round: async () => {
      const next = await step(now.params, now.state);
      for (const old of tensorsOf(now)) old.dispose();
      now = next;
    },
    end: () => {
      for (const old of tensorsOf(now)) old.dispose();
      model.parameters.dispose();
    },
  };
}

/** Gradients that nobody disposes: the collector has to know what they weigh. */
function gradients(): Scenario {
  return {
    round: async () => {
      await evaluate(grad(loss)(model.parameters));
    },
    end: () => model.parameters.dispose(),
  };
}

/** A file of four megabytes read, used and let go of. */
function loading(): Scenario {
  const folder = mkdtempSync(join(tmpdir(), 'palimpsest-memory-'));
  const path = join(folder, 'weights.safetensors');
  return {
    round: async (number) => {
      if (number === 0) {
        using weights = tensorOf(directions(1 << 20, sequence(2)), [1 << 10, 1 << 10], 'float32');
        await writeSafetensors(path, [
          ['a', weights],
          ['b', x],
        ]);
      }
      await tidy(async () => {
        const parameters = (await readSafetensors(path)).parameters();
        await sum(parameters.get('a')).item();
        parameters.dispose();
      });
    },
    end: () => {
      model.parameters.dispose();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Compiled functions for ever new shapes, each let go of. */
function compiling(): Scenario {
  return {
    round: async (number) => {
      using input = tensor(new Float32Array(1 + (number % 50)));
      const twice = compile((values: Tensor) => sum(values));
      (await twice(input)).dispose();
    },
    end: () => model.parameters.dispose(),
  };
}

const SCENARIOS: Readonly<Record<string, () => Scenario>> = { training, gradients, loading, compiling };

async function main(): Promise<void> {
  const [name = '', rounds = '0'] = process.argv.slice(2);
  await evaluate(model.parameters);
  const { round, end } = SCENARIOS[name]!();
  const warmUp = Math.ceil(Number(rounds) / 2);
  for (let number = 0; number < warmUp; number++) await round(number);
  const warmBytes = await residentBytes();
  for (let number = 0; number < Number(rounds); number++) await round(warmUp + number);
  const endBytes = await residentBytes();
  end();
  x.dispose();
  y.dispose();
  const report: MemoryReport = { warmBytes, endBytes, counters: await memoryAtRest() };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

async function residentBytes(): Promise<number> {
  await memoryAtRest();
  return process.memoryUsage().rss;
}

void main();
