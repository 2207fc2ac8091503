import { inner, kron, outer, tensordot, vdot } from '../../../lib/ops/products/contractions';
import { einsum } from '../../../lib/ops/products/einsum';
import { matmul } from '../../../lib/ops/products/matmul';
import type { Tensor } from '../../../lib/graph/tensor';
import type { Shape } from '../../../lib/graph/shape';
import { at, build, indicesOf, total, type NdArray } from '../../support/array';
import { ofShapes, type Case, type Row } from '../row';

const two = (inputs: readonly Tensor[]): readonly [Tensor, Tensor] => [inputs[0]!, inputs[1]!];

/** Every term of the sum, one after the other. `output` may use the digits of `ellipsis` axes, counted from the end. */
function everyTerm(terms: readonly string[], output: string, operands: readonly NdArray[]): NdArray {
  const names = [...new Set(terms.join(''))];
  const extents = names.map((name) =>
    Math.max(
      ...operands.map(({ shape }, i) =>
        Math.max(...Array.from(terms[i]!).map((own, axis) => (own === name ? shape[axis]! : -1))),
      ),
    ),
  );
  const place = (list: string, index: readonly number[]): number[] =>
    Array.from(list).map((name) => index[names.indexOf(name)]!);
  const result = build(
    Array.from(output).map((name) => extents[names.indexOf(name)]!),
    () => 0,
  );
  const strides = result.shape.map((_, axis) =>
    result.shape.slice(axis + 1).reduce((size, n) => size * n, 1),
  );
  for (const index of indicesOf(extents)) {
    const product = operands.reduce((value, x, i) => value * at(x, ...place(terms[i]!, index)), 1);
    const position = place(output, index).reduce((sum, own, axis) => sum + own * strides[axis]!, 0);
    result.data[position]! += product;
  }
  return result;
}

/** An equation, and the same with digits in place of dots and with its result spelt out. */
const equation = (text: string, plain: string, ...shapes: readonly Shape[]): Case =>
  ofShapes(text, { text, plain }, ...shapes);

const EINSUMS: readonly Case[] = [
  equation('ij,jk->ik', 'ij,jk->ik', [2, 3], [3, 4]),
  equation('ij,jk', 'ij,jk->ik', [2, 3], [3, 4]),
  equation('ij,kj->ki', 'ij,kj->ki', [2, 3], [4, 3]),
  equation('nhqd,nhkd->nhqk', 'nhqd,nhkd->nhqk', [2, 2, 3, 2], [2, 2, 4, 2]),
  equation('nqhd,nkhd->nhqk', 'nqhd,nkhd->nhqk', [2, 3, 2, 2], [2, 4, 2, 2]),
  equation('bi,bj->bij', 'bi,bj->bij', [3, 2], [3, 4]),
  equation('bi,bi->b', 'bi,bi->b', [3, 4], [3, 4]),
  equation('i,i', 'i,i->', [5], [5]),
  equation('ij->ji', 'ij->ji', [2, 3]),
  equation('ji', 'ji->ij', [2, 3]),
  equation('ii->i', 'ii->i', [3, 3]),
  equation('ii', 'ii->', [3, 3]),
  equation('iji->j', 'iji->j', [2, 3, 2]),
  equation('ijk->j', 'ijk->j', [2, 3, 2]),
  equation('iij,jk->ik', 'iij,jk->ik', [2, 2, 3], [3, 2]),
  equation('...ij,...jk->...ik', '1ij,1jk->1ik', [3, 2, 2], [1, 2, 3]),
  equation('...i,i', '10i,i->10', [2, 3, 4], [4]),
  equation('i...,...j->...ij', 'i0,0j->0ij', [2, 3], [3, 2]),
  equation('i,j,k->kji', 'i,j,k->kji', [2], [3], [2]),
  equation('ij,jk,kl,li->', 'ij,jk,kl,li->', [2, 3], [3, 2], [2, 4], [4, 2]),
  equation(
    'ab,bc,cd,de,ef,fg,gh->ah',
    'ab,bc,cd,de,ef,fg,gh->ah',
    [2, 2],
    [2, 3],
    [3, 2],
    [2, 2],
    [2, 3],
    [3, 2],
    [2, 2],
  ),
  equation('ij,ij->j', 'ij,ij->j', [1, 3], [4, 3]),
  equation('ij,jk->k', 'ij,jk->k', [2, 3], [3, 2]),
  equation('i,i->i', 'i,i->i', [1], [1]),
  equation('ij,jk->ik ', 'ij,jk->ik', [0, 3], [3, 2]),
];

const parsed = (plain: string): readonly [string[], string] => {
  const [left, right] = plain.split('->');
  return [left!.split(','), right!];
};

/** Contractions of named and numbered axes. */
export const contractions: readonly Row[] = [
  {
    name: 'einsum',
    covers: ['matmul', 'mul', 'sum'],
    run: (inputs, { text }) => einsum(text, inputs),
    reference: (operands, { plain }) => everyTerm(...parsed(plain), operands),
    cases: EINSUMS,
    examples: [
      { axes: [0, 0], output: 0, of: 'nqhd,nkhd->nhqk' },
      { axes: [0, null], output: 0, of: 'ij,jk->ik' },
      { axes: [null, 0], output: 0, of: 'ij,kj->ki' },
      { axes: [0, 0], output: 0, of: 'bi,bj->bij' },
    ],
    tolerance: { float32: 4e-6, float64: 1e-14 },
  },
  {
    name: 'matmul of vectors',
    covers: ['matmul'],
    run: (inputs) => matmul(...two(inputs)),
    reference: ([a, b]) => {
      const [row, column] = [a!.shape.length === 1, b!.shape.length === 1];
      const left = row ? 'k' : a!.shape.length === 3 ? 'bik' : 'ik';
      const right = column ? 'k' : b!.shape.length === 3 ? 'bkj' : 'kj';
      const lead = left.startsWith('b') || right.startsWith('b') ? 'b' : '';
      return everyTerm([left, right], `${lead}${row ? '' : 'i'}${column ? '' : 'j'}`, [a!, b!]);
    },
    cases: [
      ofShapes('two vectors', undefined, [4], [4]),
      ofShapes('a row and matrices', undefined, [3], [2, 3, 4]),
      ofShapes('matrices and a column', undefined, [2, 3, 4], [4]),
      ofShapes('a matrix and a column', undefined, [3, 4], [4]),
      ofShapes('one element', undefined, [1], [1]),
      ofShapes('no elements', undefined, [0], [0, 2]),
    ],
    large: ofShapes('large', undefined, [301, 257], [257]),
    examples: [{ axes: [0, null], output: 0, of: 'a matrix and a column' }],
  },
  {
    name: 'tensordot',
    covers: ['matmul'],
    run: (inputs, { axes }) => tensordot(...two(inputs), { axes }),
    reference: (operands, { plain }) => everyTerm(...parsed(plain), operands),
    cases: [
      ofShapes('two axes', { axes: 2, plain: 'iab,abj->ij' }, [2, 3, 2], [3, 2, 4]),
      ofShapes('one axis', { axes: 1, plain: 'ijk,kl->ijl' }, [2, 2, 3], [3, 2]),
      ofShapes('no axis', { axes: 0, plain: 'i,jk->ijk' }, [2], [3, 2]),
      ofShapes(
        'named axes',
        {
          axes: [
            [0, 2],
            [1, 0],
          ],
          plain: 'ajb,bak->jk',
        },
        [2, 3, 4],
        [4, 2, 2],
      ),
      ofShapes('one element', { axes: 1, plain: 'i,i->' }, [1], [1]),
      ofShapes('no elements', { axes: 1, plain: 'ij,jk->ik' }, [0, 2], [2, 3]),
    ],
  },
  {
    name: 'outer, inner and vdot',
    covers: ['mul', 'sum'],
    run: (inputs) => [outer(...two(inputs)), inner(...two(inputs)), vdot(...two(inputs))],
    reference: ([a, b]) => [
      everyTerm(['bi', 'bj'], 'bij', [a!, b!]),
      everyTerm(['ik', 'jk'], 'ij', [a!, b!]),
      { shape: [], data: Float64Array.of(total(a!.data.length, (i) => a!.data[i]! * b!.data[i]!)) },
    ],
    gives: ['float', 'float', 'float'],
    cases: [
      ofShapes('rows', undefined, [2, 3], [2, 3]),
      ofShapes('one element', undefined, [1, 1], [1, 1]),
      ofShapes('no elements', undefined, [2, 0], [2, 0]),
    ],
  },
  {
    name: 'kron',
    covers: ['mul'],
    run: (inputs) => kron(...two(inputs)),
    reference: ([a, b]) => {
      const rank = Math.max(a!.shape.length, b!.shape.length);
      const pad = ({ shape, data }: NdArray): NdArray => ({
        shape: [...Array<number>(rank - shape.length).fill(1), ...shape],
        data,
      });
      const [x, y] = [pad(a!), pad(b!)];
      return build(
        x.shape.map((own, axis) => own * y.shape[axis]!),
        (index) =>
          at(x, ...index.map((i, axis) => Math.floor(i / y.shape[axis]!))) *
          at(y, ...index.map((i, axis) => i % y.shape[axis]!)),
      );
    },
    cases: [
      ofShapes('matrices', undefined, [2, 3], [2, 2]),
      ofShapes('a vector and a matrix', undefined, [3], [2, 2]),
      ofShapes('one element', undefined, [1], [1]),
      ofShapes('no elements', undefined, [0, 2], [2, 2]),
    ],
  },
];
