import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import {
  drawnFrom,
  filledWith,
  heNormal,
  layer,
  nn,
  orthogonal,
  parameter,
  residualNormal,
} from '../../lib/nn';
import { zerosInitial } from '../../lib/nn';
import { relu } from '../../lib/ops/elementwise';
import { key, normal } from '../../lib/random';
import { code } from '../support/errors';

// What JavaScript callers can give and TypeScript does not let through: one clear error each.

// Fits everywhere, as what JavaScript gives does.
const no = (value: unknown): any => value;
const seed = key(0);

test('layers are made of layers, parameters and functions', () => {
  expect(() => nn.sequential(nn.linear(2, 2), relu, no(3))).toThrow(
    'nn.sequential: a layer or a function expected at 2, got 3',
  );
  expect(() => nn.sequential(no(undefined))).toThrow(code('ERR_ARGUMENT'));
  expect(() => layer({ hidden: { weight: no('w') } }, () => seed)).toThrow(
    "layer: 'hidden.weight': a layer or a parameter expected, got 'w'",
  );
  expect(() => layer({}, no(undefined))).toThrow('layer: a function expected, got undefined');
  expect(() => parameter(no(3), zerosInitial)).toThrow('parameter: a shape is an array of extents');
  expect(() => parameter([3], no(0))).toThrow('parameter: an initialiser expected, got 0');
});

test('layers are called with Parameters and known options', () => {
  const linear = nn.linear(2, 2);
  expect(() => linear.apply(no([]), tensor([[1, 2]]))).toThrow('apply: Parameters expected, got an array');
  expect(() => linear.init(seed, no({ dtyp: 'float64' }))).toThrow("did you mean 'dtype'?");
});

test('initialisers take shapes, numbers and distributions', () => {
  expect(() => heNormal(seed, no(4))).toThrow('fansOf: a shape is an array of extents, got 4');
  expect(() => orthogonal(seed, no('4, 4'))).toThrow(code('ERR_SHAPE'));
  expect(() => filledWith(NaN)).toThrow('filledWith: a finite number expected, got NaN');
  expect(() => residualNormal(0)).toThrow('layers must be a positive integer, got 0');
  expect(() => residualNormal(2, -1)).toThrow('deviation must be a positive number, got -1');
  expect(() => drawnFrom(no('normal'), {})).toThrow("drawnFrom: a distribution expected, got 'normal'");
  expect(() => drawnFrom(normal, no(null))).toThrow(code('ERR_OPTION'));
});
