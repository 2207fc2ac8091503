import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import { add, square, tanh } from '../../lib/ops/elementwise';
import { sum } from '../../lib/ops/reduce';
import { tap } from '../../lib/ops/shape/tap';
import {
  checkpoint,
  customJvp,
  customVjp,
  gnvp,
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  linearize,
  perExample,
  valueAndGrad,
  vjp,
  vmap,
} from '../../lib/transforms';
import { code } from '../support/errors';

// What JavaScript callers can give and TypeScript does not let through: one clear error each.

const x = tensor([1, 2, 3]);
const total = (p: Tensor): Tensor => sum(square(p));
// Fits everywhere, as what JavaScript gives does.
const no = (value: unknown): any => value;

test.each([
  ['grad', () => grad(no(undefined))],
  ['valueAndGrad', () => valueAndGrad(no(null))],
  ['hvp', () => hvp(no({}))],
  ['gnvp', () => gnvp(no(3), total)],
  ['gnvp of a loss', () => gnvp((p: Tensor) => p, no('loss'))],
  ['jacobian', () => jacobian(no(x))],
  ['hessian', () => hessian(no(true))],
  ['jvp', () => jvp(no([]), x, x)],
  ['vjp', () => vjp(no(undefined), x)],
  ['vmap', () => vmap(no(undefined))],
  ['checkpoint', () => checkpoint(no(undefined))],
  ['customVjp', () => customVjp(tanh, no(undefined))],
  ['customJvp', () => customJvp(no(undefined), () => x)],
  ['perExample', () => perExample(no(undefined))],
] as const)('%s is refused without a function, at once', (_name, call) => {
  expect(call).toThrow(code('ERR_ARGUMENT'));
  expect(call).toThrow(/a (function|rule).* expected, got/);
});

test('linearize is refused without a function', async () => {
  await expect(linearize(no(null), x)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
});

test.each([undefined, null, 3, 'weights'])('derivatives with respect to %p are refused', (point) => {
  for (const call of [grad(total), hessian(total), (p: Tensor) => vjp(total, p)]) {
    expect(() => call(no(point))).toThrow(code('ERR_ARGUMENT'));
  }
});

test('options that are no object are refused', () => {
  expect(() => vmap(total, no(null))).toThrow('vmap: the options must be an object, got null');
  expect(() => jacobian(total, no([1]))).toThrow('jacobian: the options must be an object, got an array');
});

test('what is no tensor is no input of an op, and never NaN', () => {
  expect(() => add(no('3'), 1)).toThrow("add: a tensor or a number expected as input 0, got '3'");
  expect(() => add(x, no(undefined))).toThrow('add: a tensor or a number expected as input 1, got undefined');
  expect(() => tanh(no(null))).toThrow('tanh: a tensor expected as input 0, got null');
  expect(() => tanh(no(new Parameters([])))).toThrow('got an object of class Parameters');
  expect(() => tap(x, no(x))).toThrow('tap: a name expected, got an object of class Tensor');
  expect(() => tap(no('x'), 'x')).toThrow("tap: x must be a tensor, got 'x'");
});

test('Parameters are of tensors', () => {
  expect(() => new Parameters([['w', no([1, 2])]])).toThrow(
    "Parameters: a tensor for 'w' expected, got an array",
  );
  expect(() => new Parameters([no([3, x])])).toThrow('Parameters: names that are texts expected');
  expect(() => new Parameters([['w', x]]).select(no('w'))).toThrow(
    'a RegExp or a function of names expected',
  );
});
