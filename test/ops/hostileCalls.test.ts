import '../../lib/graph/evaluate';
import * as palimpsest from '../../lib/index';
import { zeros } from '../../lib/ops/elementwise/arithmetic';
import { code } from '../support/errors';

// What a caller without types may hand over. The calls are right but for the one argument that is replaced.

const matrix = zeros([2, 3]);
const square = zeros([3, 3]);
const images = zeros([2, 4, 6, 6]);
const vector = zeros([4]);
const truth = zeros([2, 3], 'bool');
const rows = zeros([2], 'int32');
const key = palimpsest.key(1);

type Call = readonly [name: keyof typeof palimpsest, ...args: readonly unknown[]];

/** Functions whose first argument is a tensor; the last one, where it is an object, holds options. */
const calls: readonly Call[] = [
  ...(
    'neg exp sqrt tanh sigmoid relu silu erf sin floor isNaN logSigmoid log10 asinh zerosLike stopGradient ' +
    'flatten cholesky eigh inverse slogdet lu svdvals matrixExponential complexAbs'
  )
    .split(' ')
    .map((name): Call => [name as Call[0], name === 'complexAbs' ? zeros([3, 2]) : square]),
  ['globalAvgPool', images],
  ['gelu', matrix, { approximate: 'tanh' }],
  ['softplus', matrix, { beta: 2 }],
  ['leakyRelu', matrix, { slope: 0.1 }],
  ['elu', matrix, { alpha: 1 }],
  ['clip', matrix, { min: 0 }],
  ...'sum mean variance std max min prod all any countNonzero norm logSumExp median'
    .split(' ')
    .map((name): Call => [name as Call[0], matrix, { axis: 1, keepDims: true }]),
  ...'cumsum cumprod cummax cummin logCumSumExp'
    .split(' ')
    .map((name): Call => [name as Call[0], matrix, { axis: 0 }]),
  ...'argmax argmin softmax logSoftmax sort argsort fftshift'
    .split(' ')
    .map((name): Call => [name as Call[0], matrix, { axis: 0 }]),
  ['topk', matrix, 2, { largest: false }],
  ['quantile', matrix, 0.5, { axis: 1 }],
  ['histogramCounts', matrix, { bins: 2, range: [0, 1] }],
  ['bincount', rows, { length: 3 }],
  ['reshape', matrix, [3, 2]],
  ['transpose', matrix, [1, 0]],
  ['slice', matrix, { starts: [0] }],
  ['split', matrix, 2, { axis: 0 }],
  ['pad', matrix, [[1, 1], [0, 0]], { value: 1 }], // prettier-ignore
  ['roll', matrix, 1, { axis: 0 }],
  ['tile', matrix, [2, 1]],
  ['repeat', matrix, 2, { axis: 0 }],
  ['broadcastTo', matrix, [4, 2, 3]],
  ['triu', matrix, { offset: 1 }],
  ['take', matrix, rows, { axis: 0 }],
  ['oneHot', rows, 3, { axis: 0 }],
  ['maskedFill', matrix, truth, 0],
  ['conv2d', images, zeros([6, 4, 3, 3]), { stride: 2, bias: zeros([6]) }],
  ['maxPool2d', images, { kernel: 2, ceilMode: true }],
  ['adaptiveAvgPool', images, 2],
  ['resize', images, { size: 3 }],
  ['softmaxCrossEntropy', matrix, rows, { labelSmoothing: 0.1 }],
  ['layerNorm', matrix, zeros([3]), zeros([3]), { eps: 1e-5 }],
  ['batchNorm', images, vector, vector, { eps: 1e-5 }],
  ['attention', images, images, images, { causal: true }],
  ['dropout', matrix, key, { rate: 0.5 }],
  ['rfft', matrix, { axis: 0 }],
  ['svd', matrix, { full: true }],
  ['qr', matrix, { mode: 'complete' }],
  ['pinv', matrix, { rtol: 0.1 }],
  ['triangularSolve', square, zeros([3]), { lower: true }],
  ['projectSimplex', vector, { total: 1 }],
  ['normal', key, [2], { mean: 1 }],
  ['truncatedNormal', key, [2], { low: -1 }],
  ['categorical', key, matrix, { axis: 0 }],
];

const called = ([name, ...args]: Call): unknown =>
  (palimpsest[name] as (...args: readonly unknown[]) => unknown)(...args);
const withOptions = calls.filter((call) => {
  const last = call.at(-1);
  return typeof last === 'object' && !Array.isArray(last) && !(last instanceof palimpsest.Tensor);
});
const named = (list: readonly Call[]): [string, Call][] => list.map((call) => [call[0], call]);

/** The call with its options changed. */
const changed = (call: Call, options: unknown): Call => [call[0], ...call.slice(1, -1), options];

test.each(named(calls))('%s takes what it is meant for', (_name, call) => {
  expect(() => called(call)).not.toThrow();
});

test.each(named(calls))('%s says that a tensor is expected', (name, [, , ...rest]) => {
  for (const wrong of [undefined, null, [1, 2], 'x', {}]) {
    const call = (): unknown => called([name as Call[0], wrong, ...rest]);
    expect(call).toThrow(code('ERR_ARGUMENT'));
    expect(call).toThrow(/tensor/);
  }
});

test.each(named(withOptions))('%s knows its options', (name, call) => {
  const options = call.at(-1) as object;
  const [first = ''] = Object.keys(options);
  const misspelled = (): unknown => called(changed(call, { [`${first}s`]: 1 }));
  expect(misspelled).toThrow(code('ERR_OPTION'));
  expect(misspelled).toThrow(`${name}: unknown option '${first}s'; did you mean '${first}'?`);
  for (const wrong of [null, 3, 'axis', [1]]) {
    expect(() => called(changed(call, wrong))).toThrow(code('ERR_OPTION'));
  }
});

test.each(named(withOptions))('%s wants options of their kind', (name, call) => {
  for (const option of Object.keys(call.at(-1) as object)) {
    for (const wrong of [null, Symbol('x'), { a: 1 }]) {
      const refused = (): unknown => called(changed(call, { ...(call.at(-1) as object), [option]: wrong }));
      expect(refused).toThrow(code('ERR_OPTION'));
      expect(refused).toThrow(`${name}: ${option} must be`);
    }
  }
});

const anything = palimpsest as unknown as Record<string, (...args: readonly unknown[]) => unknown>;

// Numbers are not made of what only looks like one: the result would be NaN.
test.each([
  [
    'a text to add',
    () => anything.add!(matrix, '1'),
    'ERR_ARGUMENT',
    'add: a tensor or a number expected as input 1',
  ],
  ['nothing to multiply by', () => anything.mul!(matrix, undefined), 'ERR_ARGUMENT', 'mul'],
  ['a weight in quotes', () => anything.lerp!(matrix, matrix, '0.5'), 'ERR_ARGUMENT', 'mul'],
  [
    'a value that is none',
    () => anything.full!([2], 'x'),
    'ERR_ARGUMENT',
    "full: a number expected, got 'x'",
  ],
  ['an unknown dtype', () => anything.full!([2], 0, 'float'), 'ERR_DTYPE', 'full: dtype must be one of'],
  ['a dtype to cast to', () => anything.cast!(matrix, 'int'), 'ERR_DTYPE', 'cast: dtype must be one of'],
  ['a dtype to meet', () => anything.promoteTypes!('int32', 'int'), 'ERR_DTYPE', 'promoteTypes'],
  ['a number for a shape', () => anything.zeros!(3), 'ERR_SHAPE', 'full: a shape is an array'],
  ['one tensor to join', () => anything.concat!(matrix), 'ERR_ARGUMENT', 'an array of tensors'],
  ['numbers to stack', () => anything.stack!([1, 2]), 'ERR_ARGUMENT', 'an array of tensors'],
  ['no equation', () => anything.einsum!([matrix], 'ij->i'), 'ERR_ARGUMENT', 'einsum: operands must be'],
  ['a part that is no index', () => anything.at!(matrix, 'first'), 'ERR_OPTION', 'at: a part of an index'],
  ['an infinite range', () => anything.arange!(0, Infinity), 'ERR_VALUE', 'arange: finite numbers'],
  ['an unknown mode', () => anything.qr!(matrix, { mode: 'full' }), 'ERR_OPTION', "got 'full'"],
  ['a key of floats', () => anything.uniform!(vector, [2]), 'ERR_DTYPE', 'uniform: a key is int32'],
  ['texts for elements', () => anything.tensor!(['1']), 'ERR_VALUE', 'tensor: numbers in nested arrays'],
  ['a shape of texts', () => anything.reshape!(matrix, ['6']), 'ERR_ARGUMENT', 'reshape: shape must be'],
] as const)('refuses %s', (_what, call, wanted, text) => {
  expect(call).toThrow(code(wanted));
  expect(call).toThrow(text);
});

test('an operator without products is refused', async () => {
  await expect(anything.cg!({ shape: [4, 4] }, vector)).rejects.toEqual(code('ERR_ARGUMENT'));
});
