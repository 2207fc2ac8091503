import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import { Parameters } from '../../lib/graph/parameters';
import { cnn } from '../../lib/models/cnn';
import { mlp } from '../../lib/models/mlp';
import { withParameters, type Model } from '../../lib/models/model';
import { convolved, pooled, product } from './reference';

/** Float64 against float64 in another order of summation, a few hundred terms of size one. */
const TOLERANCE = 1e-12;

const MLP = { inputs: 4, hidden: [5, 3], classes: 2 };
const CNN = { image: [2, 5, 4], channels: [3, 2], hidden: 6, classes: 3 } as const;

const numbersOf = async (model: Model, name: string): Promise<number[]> => [
  ...(await model.parameters.get(name).data()),
];
const shapesOf = (model: Model): Record<string, readonly number[]> =>
  Object.fromEntries([...model.parameters].map(([name, { shape }]) => [name, shape]));
const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => (i * 37) % 256);
const near = (actual: ArrayLike<number>, expected: readonly number[]): void => {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(Math.abs(actual[i]! - value)).toBeLessThan(TOLERANCE));
};

describe('mlp', () => {
  it('has the parameters of the PyTorch layers, in their order', () => {
    const model = mlp(MLP);
    expect(shapesOf(model)).toEqual({
      'fc1.weight': [5, 4],
      'fc1.bias': [5],
      'fc2.weight': [3, 5],
      'fc2.bias': [3],
      'fc3.weight': [2, 3],
      'fc3.bias': [2],
    });
    expect(model.parameters.names[0]).toBe('fc1.weight');
    expect(model.config).toEqual({ model_type: 'mlp', ...MLP });
  });

  it('computes linear layers with relu between them', async () => {
    const model = mlp(MLP, { seed: 3, dtype: 'float64' });
    const input = [0.5, -1, 2, 0.25];
    let expected = input;
    for (const [i, width] of [5, 3, 2].entries()) {
      const bias = await numbersOf(model, `fc${i + 1}.bias`);
      expected = product(await numbersOf(model, `fc${i + 1}.weight`), expected, width).map(
        (y, j) => y + bias[j]!,
      );
      if (i < 2) expected = expected.map((y) => Math.max(0, y));
    }
    const logits = model.forward(model.parameters, tensor([input], { dtype: 'float64' }));
    expect(logits.shape).toEqual([1, 2]);
    near(await logits.data(), expected);
  });

  it('is a linear classifier without hidden layers', () => {
    expect(mlp({ inputs: 3, hidden: [], classes: 2 }).parameters.names).toEqual(['fc1.weight', 'fc1.bias']);
  });
});

describe('cnn', () => {
  it('has the parameters of the PyTorch layers, in their order', () => {
    const model = cnn(CNN);
    expect(Object.entries(shapesOf(model))).toEqual([
      ['conv1.weight', [3, 2, 3, 3]],
      ['conv1.bias', [3]],
      ['conv2.weight', [2, 3, 3, 3]],
      ['conv2.bias', [2]],
      ['fc1.weight', [6, 2]],
      ['fc1.bias', [6]],
      ['fc2.weight', [3, 6]],
      ['fc2.bias', [3]],
    ]);
    expect(model.config).toEqual({ model_type: 'cnn', ...CNN });
  });

  it('computes convolution, relu and pooling per stage, then two linear layers', async () => {
    const model = cnn(CNN, { seed: 5, dtype: 'float64' });
    const input = bytes(40);
    let [image, channels, height, width] = [[...input].map((value) => value / 255), 2, 5, 4];
    for (const [i, out] of [3, 2].entries()) {
      const weight = await numbersOf(model, `conv${i + 1}.weight`);
      const bias = await numbersOf(model, `conv${i + 1}.bias`);
      const y = convolved(image, [channels, height, width], weight, bias);
      [image, channels] = [
        pooled(
          y.map((value) => Math.max(0, value)),
          [out, height, width],
        ),
        out,
      ];
      [height, width] = [Math.floor(height / 2), Math.floor(width / 2)];
    }
    const linear = async (name: string, x: number[], out: number): Promise<number[]> => {
      const bias = await numbersOf(model, `${name}.bias`);
      return product(await numbersOf(model, `${name}.weight`), x, out).map((y, j) => y + bias[j]!);
    };
    const hidden = (await linear('fc1', image, 6)).map((y) => Math.max(0, y));
    const logits = model.forward(model.parameters, tensor(input, { shape: [1, 2, 5, 4] }));
    expect(logits).toMatchObject({ shape: [1, 3], dtype: 'float64' });
    near(await logits.data(), await linear('fc2', hidden, 3));
  });
});

describe.each<[string, Model, number[]]>([
  ['mlp', mlp(MLP, { seed: 1 }), [4]],
  ['cnn', cnn(CNN, { seed: 1 }), [2, 5, 4]],
])('%s', (_name, model, shape) => {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const logitsOf = async (x: ReturnType<typeof tensor>): Promise<number[]> => [
    ...(await model.forward(model.parameters, x).data()),
  ];

  it('scales bytes to 0 ... 1, and takes floats as they are', async () => {
    const pixels = bytes(2 * size);
    const scaled = Float32Array.from(pixels, (value) => value / 255);
    const fromBytes = await logitsOf(tensor(pixels, { shape: [2, ...shape] }));
    expect(fromBytes).toEqual(await logitsOf(tensor(scaled, { shape: [2, ...shape] })));
    const doubles = tensor(Float64Array.from(scaled), { shape: [2, ...shape] });
    expect(fromBytes).toEqual(await logitsOf(doubles));
  });

  it('takes the numbers of an example in whatever axes', async () => {
    const pixels = bytes(3 * size);
    const expected = await logitsOf(tensor(pixels, { shape: [3, ...shape] }));
    expect(await logitsOf(tensor(pixels, { shape: [3, size, 1] }))).toEqual(expected);
    expect(await logitsOf(tensor(pixels, { shape: [3, size] }))).toEqual(expected);
  });

  it('computes every example by itself, and none at all', async () => {
    const pixels = bytes(3 * size);
    const all = await logitsOf(tensor(pixels, { shape: [3, size] }));
    const last = await logitsOf(tensor(pixels.subarray(2 * size), { shape: [1, size] }));
    expect(all.slice(-last.length)).toEqual(last);
    expect(await logitsOf(tensor(new Uint8Array(), { shape: [0, size] }))).toEqual([]);
  });

  it('refuses inputs of another size or dtype', () => {
    const forward = (x: ReturnType<typeof tensor>) => () => model.forward(model.parameters, x);
    const wrongSize = tensor(new Float32Array(size + 1), { shape: [1, size + 1] });
    expect(forward(wrongSize)).toThrow(expect.objectContaining({ code: 'ERR_SHAPE' }));
    expect(forward(wrongSize)).toThrow(`expected, got [1, ${size + 1}]`);
    expect(forward(tensor(1))).toThrow(expect.objectContaining({ code: 'ERR_SHAPE' }));
    const integers = tensor(new Int32Array(size), { shape: [1, size] });
    expect(forward(integers)).toThrow(expect.objectContaining({ code: 'ERR_DTYPE' }));
  });

  it('starts from the same parameters for the same seed, within the bounds of PyTorch', async () => {
    const again = model.config.model_type === 'mlp' ? mlp(MLP, { seed: 1 }) : cnn(CNN, { seed: 1 });
    const other = model.config.model_type === 'mlp' ? mlp(MLP, { seed: 2 }) : cnn(CNN, { seed: 2 });
    for (const [name, parameter] of model.parameters) {
      const data = await parameter.data();
      expect(await again.parameters.get(name).data()).toEqual(data);
      expect(await other.parameters.get(name).data()).not.toEqual(data);
      const weight = model.parameters.get(name.replace('bias', 'weight')).shape;
      const fanIn = weight.slice(1).reduce((product, extent) => product * extent, 1);
      for (const value of data)
        expect(Math.abs(value)).toBeLessThanOrEqual(Math.fround(1 / Math.sqrt(fanIn)));
    }
  });

  it('keeps its architecture with other parameters', async () => {
    const zero = new Parameters(
      [...model.parameters].map(([name, { shape, size: count }]) => [
        name,
        tensor(new Float32Array(count), { shape }),
      ]),
    );
    const zeroed = withParameters(model, zero);
    await evaluate(zeroed.parameters);
    const logits = await zeroed.forward(zeroed.parameters, tensor(bytes(size), { shape: [1, size] })).data();
    expect(logits.every((value) => value === 0)).toBe(true);
    expect(zeroed.config).toBe(model.config);
  });
});

describe('a configuration', () => {
  it.each<[string, () => Model, RegExp]>([
    ['no classes', () => mlp({ ...MLP, classes: 0 }), /mlp: field 'classes': Too small/],
    [
      'a fraction of a layer',
      () => mlp({ ...MLP, hidden: [2.5] }),
      /mlp: field 'hidden\[0\]': .*expected int/,
    ],
    [
      'an image that vanishes',
      () => cnn({ ...CNN, channels: [2, 2, 2] }),
      /field 'channels': the image is too small/,
    ],
    ['no stages', () => cnn({ ...CNN, channels: [] }), /field 'channels'/],
  ])('with %s is refused by field', (_what, build, message) => {
    expect(build).toThrow(
      expect.objectContaining({ name: 'FormatError', message: expect.stringMatching(message) }),
    );
  });
});
