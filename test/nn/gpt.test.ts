import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import { Parameters } from '../../lib/graph/parameters';
import { extent } from '../../lib/graph/shape';
import type { Tensor } from '../../lib/graph/tensor';
import { layer, nn, type Layer } from '../../lib/nn';
import { add, mul } from '../../lib/ops/elementwise/arithmetic';
import { iota } from '../../lib/ops/indexing/iota';
import { softmaxCrossEntropy } from '../../lib/ops/losses';
import { linear } from '../../lib/ops/products/matmul';
import { mean } from '../../lib/ops/reduce/reduce';
import { sum } from '../../lib/ops/reduce/sum';
import { slice } from '../../lib/ops/shape/slice';
import { key, normal, randomInteger, splitKey } from '../../lib/random';
import { grad } from '../../lib/transforms/grad';
import { hvp } from '../../lib/transforms/hvp';
import { perExample } from '../../lib/transforms/perExample';
import { expectClose } from '../support/compare';
import { compareWithLoop } from '../support/exampleLoop';
import { arrayOf } from '../support/tensors';

interface GptOptions {
  readonly vocabulary: number;
  readonly context: number;
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
}

/** GPT-2: the table of tokens is the output layer, too. */
const gpt = ({ vocabulary, context, width, heads, layers }: GptOptions): Layer =>
  layer(
    {
      wte: nn.embedding(vocabulary, width),
      wpe: nn.embedding(context, width),
      h: Array.from({ length: layers }, () => nn.gpt2Block(width, { heads, layers })),
      ln_f: nn.layerNorm(width),
    },
    ({ wte, wpe, h, ln_f }, tokens: Tensor) => {
      const positions = iota(extent(tokens.shape, 1));
      const steps = h.reduce((x, block) => block(x), add(wte(tokens), wpe(positions)));
      return linear(ln_f(steps), wte.get('weight'));
    },
  );

const SIZES = { vocabulary: 11, context: 8, width: 8, heads: 2, layers: 2 };
const [EXAMPLES, STEPS] = [3, 6];
const model = gpt(SIZES);
/** Central differences: the square of the step, and rounding errors of 1e-16 divided by it. */
const DIFFERENCES = 1e-6;
const STEP = 1e-5;

const tokens = randomInteger(key(3), [EXAMPLES, STEPS + 1], { high: SIZES.vocabulary });

/** Larger than those that training starts with, so that every part has something to say. */
const parametersOf = (of: Layer): Parameters => {
  const initial = of.init(key(1), { dtype: 'float64' });
  const keys = splitKey(key(2), initial.length);
  return new Parameters(
    [...initial].map(([name, theta], i) => [
      name,
      add(theta, normal(keys[i]!, theta.shape, { deviation: 0.2, dtype: 'float64' })),
    ]),
  );
};

/** The mean loss of the next token, for every example. */
const lossesOf =
  (of: Layer) =>
  (theta: Parameters, sequences: Tensor): Tensor => {
    const until = { starts: [0, 0], stops: [sequences.shape[0], -1] };
    const logits = of.apply(theta, slice(sequences, until));
    return mean(softmaxCrossEntropy(logits, slice(sequences, { starts: [0, 1] })), { axis: 1 });
  };
const losses = lossesOf(model);

test('has the parameters of the checkpoint', () => {
  const { names } = model.init(key(0));
  expect(names.slice(0, 6)).toEqual([
    ...['wte.weight', 'wpe.weight', 'h.0.ln_1.weight', 'h.0.ln_1.bias'],
    ...['h.0.attn.c_attn.weight', 'h.0.attn.c_attn.bias'],
  ]);
  expect(names.slice(-3)).toEqual(['h.1.mlp.c_proj.bias', 'ln_f.weight', 'ln_f.bias']);
  expect(names).toHaveLength(2 + 2 * 12 + 2);
});

test('starts with the loss of guessing', async () => {
  const theta = model.init(key(0), { dtype: 'float64' });
  const small = theta.map((values, name) => (name.startsWith('wte') ? mul(values, 0.02) : values));
  expect(await mean(losses(small, tokens)).item()).toBeCloseTo(Math.log(SIZES.vocabulary), 1);
});

test('does not look ahead', async () => {
  const theta = parametersOf(model);
  const before = slice(tokens, { stops: [EXAMPLES, STEPS] });
  const other = tensor(
    (await before.data<'int32'>()).map((token, i) =>
      i % STEPS === STEPS - 1 ? (token + 1) % SIZES.vocabulary : token,
    ),
    { shape: [EXAMPLES, STEPS] },
  );
  const early = { stops: [EXAMPLES, STEPS - 1] };
  const [a, b] = [model.apply(theta, before), model.apply(theta, other)];
  expect((await arrayOf(slice(a, early))).data).toEqual((await arrayOf(slice(b, early))).data);
  expect((await arrayOf(a)).data).not.toEqual((await arrayOf(b)).data);
});

test('has the gradient and the curvature that differences show', async () => {
  const theta = parametersOf(model);
  await evaluate(theta);
  const direction = theta.map(({ shape }, name) => normal(key(name.length), shape, { dtype: 'float64' }));
  const loss = (at: Parameters): Tensor => mean(losses(at, tokens));
  const at = (distance: number): Parameters =>
    theta.map((values, name) => add(values, mul(direction.get(name), distance)));
  const along = async (g: Parameters): Promise<number> =>
    sum(
      [...g].map(([name, values]) => sum(mul(values, direction.get(name)))).reduce((a, b) => add(a, b)),
    ).item();
  const [ahead, behind] = await Promise.all([STEP, -STEP].map((d) => loss(at(d)).item()));
  const slope = await along(grad(loss)(theta));
  expectClose([slope], [(ahead! - behind!) / (2 * STEP)], DIFFERENCES, 'slope');
  const [after, prior] = await Promise.all([STEP, -STEP].map((d) => along(grad(loss)(at(d)))));
  const curvature = await along(hvp(loss)(theta, direction));
  expectClose([curvature], [(after! - prior!) / (2 * STEP)], DIFFERENCES, 'curvature');
});

describe('per-example gradients', () => {
  const theta = parametersOf(model);
  const inOrder = (own: readonly Tensor[]): Parameters =>
    new Parameters(theta.names.map((name, i) => [name, own[i]!]));

  test('are those of a loop, with the table used twice', async () => {
    await evaluate(theta);
    await compareWithLoop(
      {
        losses: (own, sequences) => losses(inOrder(own), sequences),
        params: [...theta].map(([, values]) => values),
        batch: [tokens],
      },
      'GPT',
    );
  });

  test('of a table whose two uses are squared apart are others', async () => {
    const squares = perExample(losses)(theta, tokens).sumSquares().get('wte.weight');
    const apart = perExample((two: readonly [Tensor, Tensor], sequences: Tensor) => {
      const source = (table: Tensor): Parameters => theta.with([['wte.weight', table]]);
      const logits = splitUse(source(two[0]), source(two[1]), sequences);
      return mean(softmaxCrossEntropy(logits, slice(sequences, { starts: [0, 1] })), { axis: 1 });
    })([theta.get('wte.weight'), theta.get('wte.weight')], tokens).sumSquares();
    const [right, wrong] = [await squares.data(), await add(apart[0], apart[1]).data()];
    expect(() => expectClose(wrong, right, 0.05, 'uses')).toThrow('relative error');
  });

  /** The table is asked for twice, first for the tokens and then for the logits: those come from the second parameters. */
  function splitUse(steps: Parameters, head: Parameters, sequences: Tensor): Tensor {
    const seen = slice(sequences, { starts: [0, 0], stops: [EXAMPLES, -1] });
    let uses = 0;
    return model.apply(
      { get: (name) => (name === 'wte.weight' && uses++ > 0 ? head : steps).get(name) },
      seen,
    );
  }
});
