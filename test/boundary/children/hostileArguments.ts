// Calls every function of the addon with arguments that no caller of ours would pass, and prints what came of it.
import { writeSync } from 'node:fs';

import { addon, codeOf, doubling, isStarted } from './addon';
import {
  buffer,
  call,
  cleanUp,
  filePath,
  HOSTILE,
  opened,
  program,
  started,
  type Kind,
} from './hostileValues';

export interface HostileReport {
  /** What the addon exports, and what was called. */
  readonly functions: readonly string[];
  readonly tried: readonly string[];
  readonly calls: number;
  /** How many calls ended in each code, and how many gave an answer. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Calls that were answered although the argument has another kind, or threw something without a code. */
  readonly wrong: readonly string[];
  readonly worksAfterwards: boolean;
}

type Parameter = readonly [kind: Kind, good: (file: unknown) => unknown];
const FUNCTIONS: Readonly<Record<string, readonly Parameter[]>> = {
  kernelNames: [],
  elementwiseNames: [],
  createBuffer: [['view', () => new Float32Array(4)]],
  borrowBuffer: [['view', () => new Float32Array(4)]],
  arrayOf: [['buffer', buffer]],
  copyBuffer: [['buffer', buffer]],
  readBuffer: [
    ['buffer', buffer],
    ['number', () => 0],
    ['view', () => new Float32Array(4)],
  ],
  viewBuffer: [
    ['buffer', buffer],
    ['number', () => 0],
    ['number', () => 16],
  ],
  releaseBuffer: [['buffer', buffer]],
  createProgram: [['doubles', doubling]],
  runProgram: [
    ['program', program],
    ['buffers', () => [buffer()]],
    ['callback', () => undefined],
  ],
  profileProgram: [
    ['program', program],
    ['buffers', () => [buffer()]],
    ['callback', () => undefined],
  ],
  cancelTask: [['task', () => started().task]],
  openSafetensors: [['text', () => filePath]],
  safetensorsBuffer: [
    ['file', (file) => file],
    ['number', () => 0],
  ],
  memory: [],
  capacityOf: [['number', () => 1]],
  resetPeak: [],
  trimCache: [],
  setMemoryLimit: [['number', () => 0]],
  setThreads: [['number', () => 1]],
  threads: [],
};

interface Outcome {
  readonly outcome: string;
  readonly error?: unknown;
}

/** Says what it is about to do first, so that a crash is found by the last line. */
async function outcomeOf(what: string, run: () => unknown): Promise<Outcome> {
  writeSync(2, `${what}\n`);
  try {
    const answer = run();
    if (isStarted(answer)) await answer.promise;
    return { outcome: 'answered' };
  } catch (error) {
    return { outcome: codeOf(error) ?? 'no code', error };
  }
}

async function main(): Promise<void> {
  const file = await opened();
  const outcomes: Record<string, number> = {};
  const wrong: string[] = [];
  let calls = 0;
  const judge = async (what: string, mayPass: boolean, run: () => unknown): Promise<void> => {
    const { outcome, error } = await outcomeOf(what, run);
    calls += 1;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (outcome === 'no code') wrong.push(`${what}: ${String(error)}`);
    if (outcome === 'answered' && !mayPass) wrong.push(`${what}: was answered`);
  };
  for (const [name, parameters] of Object.entries(FUNCTIONS)) {
    const good = (): unknown[] => parameters.map(([, make]) => make(file));
    await judge(`${name}, as it should be`, true, () => call(name, ...good()));
    await judge(`${name}, with too many arguments`, true, () => call(name, ...good(), {}, []));
    await judge(`${name}, on another object`, true, () => addon[name]!.apply(Object.create(null), good()));
    await judge(`new ${name}`, true, () => Reflect.construct(addon[name]!, good()));
    for (const [at, [kind]] of parameters.entries()) {
      const isOptional = kind === 'callback';
      await judge(`${name}, without argument ${at}`, isOptional, () => call(name, ...good().slice(0, at)));
      for (const { name: description, make, passes = [] } of HOSTILE) {
        const mayPass =
          passes.includes(kind) ||
          // Disposing twice is allowed.
          (name === 'releaseBuffer' && description === 'a disposed handle');
        await judge(`${name}, argument ${at} is ${description}`, mayPass, () => {
          const args = good();
          args[at] = make(file);
          return call(name, ...args);
        });
      }
    }
  }
  const last = started();
  const [result] = (await last.promise) as unknown[];
  const numbers = new Float32Array(4).fill(9);
  call('readBuffer', result, 0, numbers);
  const report: HostileReport = {
    functions: Object.keys(addon),
    tried: Object.keys(FUNCTIONS),
    calls,
    outcomes,
    wrong,
    worksAfterwards: numbers.every((value) => value === 0),
  };
  cleanUp();
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

void main();
