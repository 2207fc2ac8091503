import { lowRankPart, ridgeEdit, WeightDelta, type KeyValues, type LowRankPart } from '../../lib/edits';
import type { LabeledSet } from '../../lib/data/labeledSet';
import { evaluate } from '../../lib/graph/evaluate';
import type { Parameters } from '../../lib/graph/parameters';
import type { RunOptions, Tensor } from '../../lib/graph/tensor';
import type { Model } from '../../lib/models/model';
import { adam } from '../../lib/optim/adam';
import { fit } from '../../lib/optim/loop/fit';
import { softmaxCrossEntropy } from '../../lib/ops/losses/softmaxCrossEntropy';
import { mean } from '../../lib/ops/reduce/reduce';
import { transpose } from '../../lib/ops/shape/transpose';
import { directions, sequence } from './sequence';
import { tensorOf } from './tensors';

/** One epoch of the shared training loop itself, whose progress counts steps. */
export async function fitted(model: Model, data: LabeledSet, run: RunOptions): Promise<Parameters> {
  const { params } = await fit(
    {
      params: model.parameters,
      loss: (params: Parameters, { x, y }: Pair) => mean(softmaxCrossEntropy(model.forward(params, x), y)),
      batches: () => batchesOf(data),
      optimizer: adam(),
      epochs: 1,
      totalSteps: Math.ceil(data.size / 64),
    },
    run,
  );
  return params;
}

interface Pair {
  readonly x: Tensor;
  readonly y: Tensor;
}

function* batchesOf(data: LabeledSet): Generator<Pair> {
  for (const batch of data.batches(64)) {
    using example = batch;
    yield { x: example.x, y: example.y };
  }
}

/** What `editOf` makes. */
export type Edit = KeyValues & { readonly prior: Tensor };

/** What closed-form edits of a weight [out, in] need, of random numbers; the prior is their moment and a tenth of I. */
export async function editOf(weight: Tensor, count: number): Promise<Edit> {
  const [out = 0, width = 0] = weight.shape;
  const random = (rows: number, columns: number, seed: number): Tensor =>
    tensorOf(directions(rows * columns, sequence(seed)), [rows, columns], 'float32');
  const prior = Float64Array.from({ length: width * width }, (_, i) => (i % (width + 1) === 0 ? 1.1 : 0.001));
  const edit = {
    weight,
    keys: random(count, width, 11),
    values: random(count, out, 12),
    prior: tensorOf([...prior], [width, width], 'float64'),
  };
  await evaluate([edit.keys, edit.values, edit.prior]);
  return edit;
}

/** Runs a ridge edit and gives its factors. */
export const ridge = (edit: Edit, run: RunOptions): Promise<LowRankPart> =>
  ridgeEdit(edit, { prior: edit.prior }, run);

/** A change of rank `count` of one weight. */
export const changeOf = (name: string, { keys, values }: KeyValues): WeightDelta =>
  new WeightDelta([[name, lowRankPart(transpose(values), keys)]]);
