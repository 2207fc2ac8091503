import { add, mul } from '../../../lib/ops/elementwise/arithmetic';
import { tanh } from '../../../lib/ops/elementwise/math';
import { barrier } from '../../../lib/ops/shape/barrier';
import { matmul } from '../../../lib/ops/products/matmul';
import { sum } from '../../../lib/ops/reduce/sum';
import { checkpoint } from '../../../lib/transforms/checkpoint';
import { customJvp, customVjp } from '../../../lib/transforms/customRules';
import type { Tensor } from '../../../lib/graph/tensor';
import { at, build, total, type NdArray } from '../../support/array';
import type { Case, Row } from '../row';

/** tanh(a b), and the sum of b a second result. */
const inner = (a: Tensor, b: Tensor): Tensor[] => [tanh(matmul(a, b)), sum(b, { axis: 0 })];

const innerReference = ([a, b]: readonly NdArray[]): NdArray[] => [
  build([a!.shape[0]!, b!.shape[1]!], ([i, j]) =>
    Math.tanh(total(b!.shape[0]!, (k) => at(a!, i!, k) * at(b!, k, j!))),
  ),
  build([b!.shape[1]!], ([j]) => total(b!.shape[0]!, (k) => at(b!, k, j!))),
];

const pairs: readonly Case[] = [
  {
    name: 'matrices',
    inputs: [
      { shape: [3, 4], range: [-1, 1] },
      { shape: [4, 2], range: [-1, 1] },
    ],
  },
  { name: 'one element', inputs: [{ shape: [1, 1] }, { shape: [1, 1] }] },
  { name: 'no rows', inputs: [{ shape: [0, 3] }, { shape: [3, 2] }] },
];

/** x^2 y with its true derivatives, each given in one mode. */
const product = (x: Tensor, y: Tensor): Tensor => mul(mul(x, x), y);
const productReference = ([x, y]: readonly NdArray[]): NdArray =>
  build(x!.shape, (i) => at(x!, ...i) ** 2 * at(y!, ...i));
const slopes = ([x, y]: readonly [Tensor, Tensor]): [Tensor, Tensor] => [mul(mul(x, 2), y), mul(x, x)];

const both = (name: string, shape: readonly number[]): Case => ({ name, inputs: [{ shape }, { shape }] });
const elementwise: readonly Case[] = [
  both('matrix', [3, 2]),
  both('one element', [1]),
  both('empty', [0, 2]),
];

/** Ops that carry derivatives of their own. */
export const rules: readonly Row[] = [
  {
    name: 'barrier',
    run: ([x, y]) => barrier([x!, y!]),
    reference: ([x, y]) => [x!, y!],
    gives: ['float', 'float'],
    cases: elementwise,
    examples: [{ axes: [0, 0], output: 0 }],
  },
  {
    name: 'checkpoint',
    covers: ['checkpoint', 'matmul', 'tanh', 'sum'],
    run: ([a, b]) => checkpoint(inner)(a!, b!),
    reference: innerReference,
    gives: ['float', 'float'],
    cases: pairs,
  },
  {
    name: 'customVjp',
    run: ([x, y]) =>
      customVjp(product, ({ args, cotangents: g }) => {
        const [byX, byY] = slopes(args);
        return [mul(g, byX), mul(g, byY)];
      })(x!, y!),
    reference: productReference,
    cases: elementwise,
  },
  {
    name: 'customJvp',
    run: ([x, y]) =>
      customJvp(product, ({ args, tangents: [dx, dy] }) => {
        const [byX, byY] = slopes(args);
        return add(mul(dx, byX), mul(dy, byY));
      })(x!, y!),
    reference: productReference,
    cases: elementwise,
  },
];
