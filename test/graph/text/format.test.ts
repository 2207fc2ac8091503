import '../../../lib/graph/evaluate';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { tensor } from '../../../lib/graph/create';
import type { DType } from '../../../lib/graph/dtype';
import { sizeOf } from '../../../lib/graph/shape';
import type { FormatOptions } from '../../../lib/graph/text/format';
import { mul } from '../../../lib/ops/elementwise/arithmetic';
import { slice } from '../../../lib/ops/shape/slice';
import { tensorOf } from '../../support/tensors';

interface Golden {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Texts where JSON has no such number, or numbers too large for it. */
  readonly values: readonly (number | string | boolean)[] | { readonly start: number; readonly step: number };
  readonly options: FormatOptions;
  readonly text: string;
}
const file = join(__dirname, '..', '..', 'golden', 'printing.json');
const goldens = JSON.parse(readFileSync(file, 'utf8')) as Golden[];
const SPECIAL: Record<string, number> = { nan: NaN, inf: Infinity, '-inf': -Infinity, True: 1, False: 0 };

test.each(goldens.map((golden) => [`${golden.dtype} [${golden.shape.join(', ')}]`, golden] as const))(
  'prints %s as numpy does',
  async (_name, { dtype, shape, values, options, text }) => {
    const list =
      'start' in values
        ? Array.from({ length: sizeOf(shape) }, (_, i) => values.start + i * values.step)
        : values;
    const numbers = list.map((value) => SPECIAL[String(value)] ?? Number(value));
    const x =
      dtype === 'int64'
        ? tensor(
            BigInt64Array.from(list, (value) => BigInt(value)),
            { shape },
          )
        : tensorOf(numbers, shape, dtype);
    expect(await x.format(options)).toBe(text);
  },
);

test('prints bfloat16 with the digits that tell its numbers apart', async () => {
  expect(await tensor([0.1, 1, 3.140625, 1 / 3], { dtype: 'bfloat16' }).format()).toBe(
    '[0.1   1.    3.14  0.334]',
  );
});

test('prints what is computed first, and parts of other tensors', async () => {
  expect(await mul(tensor([1, 2]), 0.5).format()).toBe('[0.5 1. ]');
  const rows = tensor(
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    { dtype: 'int32' },
  );
  expect(await slice(rows, { starts: [1] }).format()).toBe('[[3 4]\n [5 6]]');
});

test.each([
  ['precision', -1],
  ['precision', 101],
  ['edgeItems', 0.5],
  ['lineWidth', NaN],
  ['digits', 3],
])('refuses %s of %d', async (name, value) => {
  await expect(tensor([1]).format({ [name]: value })).rejects.toMatchObject({ code: 'ERR_OPTION' });
});

test('console.log shows what is there and computes nothing', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(inspect(x)).toBe('Tensor(float32 [2, 2]) [[1. 2.]\n [3. 4.]]');
  const lazy = mul(x, 2);
  expect(inspect({ lazy })).toBe('{ lazy: Tensor(float32 [2, 2], lazy) }');
  expect(lazy.evaluated).toBe(false);
  x.dispose();
  expect(inspect(x)).toBe('Tensor(float32 [2, 2], disposed)');
});
