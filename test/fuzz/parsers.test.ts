import { readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { tensor } from '../../lib/graph/create';
import { kfac, loadKronecker, openGradients, saveKronecker, storeGradients } from '../../lib/curvature';
import { readCsv, readIdx, readNpy, readNpz, writeNpy, writeNpz } from '../../lib/data';
import {
  loadDelta,
  loadMoments,
  lowRankPart,
  maskedPart,
  saveDelta,
  saveMoments,
  SecondMoments,
  WeightDelta,
} from '../../lib/edits';
import { PalimpsestError } from '../../lib/errors';
import { readSafetensors, writeSafetensors } from '../../lib/io';
import { loadModel, mlp, saveModel } from '../../lib/models';
import { objective, parameters } from '../curvature/problem';
import { temporaryFolder } from '../io/temporaryFolder';
import { announce, isFull } from '../support/numbers';
import { generator, mutated } from './bytes';

/** Over all formats together: 2 x 10^4 in every run, ten times as many for the page on reliability. */
const MUTANTS = isFull ? 200_000 : 20_000;
/** One mutant may not hold the process up longer, whatever it says of its size. */
const MOST_MILLISECONDS = 1000;
/** JavaScript and native memory together may grow by so much over all mutants of a format. */
const MOST_GROWTH = 256 * 2 ** 20;

jest.setTimeout(isFull ? 7_200_000 : 300_000);

interface Format {
  readonly name: string;
  /** The file that is mutated. */
  readonly file: string;
  /** Writes a good one. */
  readonly write: () => Promise<void>;
  readonly read: () => Promise<unknown>;
}

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

const model = mlp({ inputs: 3, hidden: [2], classes: 2 }, { seed: 1 });

const file = (name: string, content: string | Buffer): Promise<void> => writeFile(at(name), content);

/** Reads every tensor of a file. */
async function everything(path: string): Promise<void> {
  const file = await readSafetensors(path);
  for (const { name } of file.entries) {
    using part = file.tensor(name);
    await part.data();
  }
}

const formats: readonly Format[] = [
  {
    name: 'safetensors',
    file: 'a.safetensors',
    write: () =>
      writeSafetensors(at('a.safetensors'), [
        ['flags', tensor(Uint8Array.of(1, 0), { dtype: 'bool' })],
        [
          'numbers',
          tensor([
            [1, 2, 3],
            [4, 5, 6],
          ]),
        ],
        ['none', tensor(new Float64Array(0))],
      ]),
    read: () => everything(at('a.safetensors')),
  },
  {
    name: 'npy',
    file: 'a.npy',
    write: () =>
      writeNpy(
        at('a.npy'),
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ),
    read: () => readNpy(at('a.npy')),
  },
  {
    name: 'npz',
    file: 'a.npz',
    write: () =>
      writeNpz(
        at('a.npz'),
        [
          ['x', tensor([1, 2, 3])],
          ['y', tensor(Int32Array.of(7))],
        ],
        { compress: true },
      ),
    read: () => readNpz(at('a.npz')),
  },
  {
    name: 'CSV',
    file: 'a.csv',
    write: () => file('a.csv', 'x,y,label\n1,2.5,0\n-3,1e2,1\n"4",5,2\n'),
    read: () => readCsv(at('a.csv')),
  },
  {
    name: 'IDX',
    file: 'a.idx',
    write: () => file('a.idx', Buffer.from([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6])),
    read: () => readIdx(at('a.idx')),
  },
  {
    name: 'a delta',
    file: 'delta.safetensors',
    write: () =>
      saveDelta(
        at('delta.safetensors'),
        new WeightDelta([
          ['w', lowRankPart(tensor([[1], [2]]), tensor([[3, 4]]))],
          ['v', maskedPart([4], tensor(Int32Array.of(1, 3)), tensor([5, 6]))],
        ]),
      ),
    read: () => loadDelta(at('delta.safetensors')),
  },
  {
    name: 'second moments',
    file: 'moments.safetensors',
    write: async () => {
      const moments = await SecondMoments.empty(2, { data: 'rows' }).with(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      );
      await saveMoments(at('moments.safetensors'), moments);
    },
    read: () => loadMoments(at('moments.safetensors')),
  },
  {
    name: 'Kronecker factors',
    file: 'kfac.safetensors',
    write: async () => saveKronecker(at('kfac.safetensors'), await kfac(objective())),
    read: () => loadKronecker(at('kfac.safetensors'), parameters),
  },
  {
    name: 'a list of gradients',
    file: 'gradients/gradients.json',
    write: async () => {
      await storeGradients(objective(), at('gradients'));
    },
    read: () => gradientsIn(at('gradients')),
  },
  {
    name: 'stored gradients',
    file: 'gradients/batch-000000.safetensors',
    write: async () => {
      await storeGradients(objective(), at('gradients'));
    },
    read: () => gradientsIn(at('gradients')),
  },
  {
    name: "a model's configuration",
    file: 'model/config.json',
    write: () => saveModel(at('model'), model),
    read: () => loadModel(at('model')),
  },
  {
    name: "a model's weights",
    file: 'model/model.safetensors',
    write: () => saveModel(at('model'), model),
    read: () => loadModel(at('model')),
  },
];

async function gradientsIn(path: string): Promise<void> {
  const { store } = await openGradients(path, parameters);
  for await (const gradients of store.batches()) await gradients.norms().data();
}

/** Native and JavaScript memory. */
function held(): number {
  const { rss } = process.memoryUsage();
  return rss;
}

const found = new Map<string, number>();
let slowest = 0;

describe.each(formats.map((format) => [format.name, format] as const))(
  '%s',
  (_name, { file, write, read, name }) => {
    test('in any mutation is read or refused by name, quickly', async () => {
      await write();
      const good = readFileSync(at(file));
      await expect(read()).resolves.not.toThrow();
      const random = generator(20240607);
      const count = Math.ceil(MUTANTS / formats.length);
      const before = held();
      const outcomes = new Map<string, number>();
      for (let k = 0; k < count; k++) {
        const bytes = mutated(good, random);
        writeFileSync(at(file), bytes);
        const start = performance.now();
        const outcome = await read().then(
          () => 'read',
          (error: unknown) => (error instanceof PalimpsestError ? error.code : `unnamed: ${String(error)}`),
        );
        const took = performance.now() - start;
        if (took > MOST_MILLISECONDS)
          throw new Error(`mutant ${k} took ${took} ms: ${bytes.toString('base64')}`);
        if (outcome.startsWith('unnamed') || outcome === 'ERR_INTERNAL') {
          throw new Error(`mutant ${k}: ${outcome}\n${bytes.toString('base64')}`);
        }
        slowest = Math.max(slowest, took);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
      expect(held() - before).toBeLessThan(MOST_GROWTH);
      // The mutations are neither all harmless nor all fatal.
      const refused = count - (outcomes.get('read') ?? 0);
      expect(refused).toBeGreaterThan(0);
      found.set(name, refused);
      writeFileSync(at(file), good);
    });
  },
);

afterAll(() => {
  const refused = [...found.values()].reduce((total, value) => total + value, 0);
  announce(
    'R8',
    `${MUTANTS} mutants of ${formats.length} formats: ${refused} refused, all by name, the slowest after ${slowest.toFixed(0)} ms`,
  );
});
