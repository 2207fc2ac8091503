import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { fuse } from '../../lib/graph/lowering/fuse';
import { lower } from '../../lib/graph/lowering/lower';
import { Tensor } from '../../lib/graph/tensor';
import { tensordot } from '../../lib/ops/products/contractions';
import { einsum } from '../../lib/ops/products/einsum';
import { contractionPath } from '../../lib/ops/products/einsum/path';

const of = (...shape: readonly number[]): Tensor => new Tensor({ shape, dtype: 'float32' });

const kernelsOf = (operands: readonly Tensor[], equation: string): string[] =>
  fuse(lower([einsum(equation, operands)], operands)).map(({ kernel }) => kernel);

test.each([
  ['ij,jk->ik', of(2, 3), of(3, 4)],
  ['ij,kj->ik', of(2, 3), of(4, 3)],
  ['ji,jk->ik', of(3, 2), of(3, 4)],
  ['ij,jk->ki', of(2, 3), of(3, 4)],
  ['nhqd,nhkd->nhqk', of(2, 2, 3, 4), of(2, 2, 5, 4)],
  ['ntd,dk->ntk', of(2, 3, 4), of(4, 5)],
  ['ijkl,klm->ijm', of(2, 3, 4, 5), of(4, 5, 6)],
])('%s is one product and moves nothing', (equation, a, b) => {
  expect(kernelsOf([a, b], equation)).toEqual(['matmul']);
});

test('a chain is contracted in the cheapest order', () => {
  const path = (text: string, sizes: Record<string, number>): unknown => {
    const [left = '', right = ''] = text.split('->');
    const inputs = left.split(',').map((term) => Array.from(term));
    return contractionPath({ inputs, output: Array.from(right), sizes: new Map(Object.entries(sizes)) });
  };
  // (A B) C takes 2 100 10 + 2 10 100 multiplications, A (B C) 100 10 100 + 2 100 100.
  expect(path('ij,jk,kl->il', { i: 2, j: 100, k: 10, l: 100 })).toEqual([
    [0, 1],
    [0, 1],
  ]);
  expect(path('ij,jk,kl->il', { i: 100, j: 10, k: 100, l: 2 })).toEqual([
    [1, 2],
    [0, 1],
  ]);
  // Greedy: the column shrinks everything it meets.
  const chain = 'ab,bc,cd,de,ef,fg,g->a';
  const sizes = Object.fromEntries(Array.from('abcdefg', (name) => [name, 50]));
  expect((path(chain, sizes) as [number, number][])[0]).toEqual([5, 6]);
});

test('a path of the caller is followed', async () => {
  const matrix = tensor([
    [1, 2],
    [3, 4],
  ]);
  const operands = [matrix, matrix, matrix];
  const first = einsum('ij,jk,kl->il', operands, {
    path: [
      [0, 1],
      [0, 1],
    ],
  });
  const second = einsum('ij,jk,kl->il', operands, {
    path: [
      [1, 2],
      [1, 0],
    ],
  });
  expect([...(await first.data())]).toEqual([37, 54, 81, 118]);
  expect([...(await second.data())]).toEqual([37, 54, 81, 118]);
});

test('whole numbers', async () => {
  const counts = tensor([1, 2, 3, 4], { shape: [2, 2], dtype: 'int32' });
  const product = einsum('ij,jk', [counts, counts]);
  expect(product.dtype).toBe('int32');
  expect([...(await product.data())]).toEqual([7, 10, 15, 22]);
});

describe('refuses', () => {
  test.each<[string, () => unknown, string, string]>([
    ['no operand', () => einsum('->', []), 'ERR_SHAPE', 'at least one operand'],
    ['a digit', () => einsum('i1->i', [of(2, 2)]), 'ERR_ARGUMENT', "got 'i1->i'"],
    ['two arrows', () => einsum('i->i->i', [of(2)]), 'ERR_ARGUMENT', 'i->i->i'],
    ['another number of operands', () => einsum('i,j->ij', [of(2)]), 'ERR_SHAPE', '2 operands, got 1'],
    ['another rank', () => einsum('ij->i', [of(2)]), 'ERR_SHAPE', 'names 2 axes, the operand has 1'],
    ['too few axes for an ellipsis', () => einsum('ij...->i', [of(2)]), 'ERR_SHAPE', '2 axes or more'],
    [
      'extents that differ',
      () => einsum('ij,jk', [of(2, 3), of(4, 2)]),
      'ERR_SHAPE',
      "axis 'j' is 3 and 4 long",
    ],
    ['a result out of nowhere', () => einsum('ij->k', [of(2, 3)]), 'ERR_ARGUMENT', "axis 'k'"],
    ['a name twice in the result', () => einsum('ij->ii', [of(2, 3)]), 'ERR_ARGUMENT', "axis 'i'"],
    [
      'two dtypes',
      () => einsum('i,i', [of(2), tensor([1, 2], { dtype: 'int32' })]),
      'ERR_DTYPE',
      'one dtype',
    ],
    [
      'a short path',
      () => einsum('i,i,i', [of(2), of(2), of(2)], { path: [[0, 1]] }),
      'ERR_ARGUMENT',
      '2 steps',
    ],
    [
      'a path of nothing',
      () => einsum('i,i', [of(2), of(2)], { path: [[0, 2]] }),
      'ERR_ARGUMENT',
      'got [0, 2]',
    ],
    ['axes of other extents', () => tensordot(of(2, 3), of(3, 4)), 'ERR_SHAPE', 'do not pair up'],
    ['too many axes', () => tensordot(of(2), of(2), { axes: 2 }), 'ERR_SHAPE', '2 axes of [2]'],
  ])('%s', (_name, make, code, message) => {
    let error: unknown;
    try {
      make();
    } catch (refusal) {
      error = refusal;
    }
    expect(error).toMatchObject({ code });
    expect(String(error)).toContain(message);
  });
});
