import { compile } from '../../lib/graph/compile';
import type { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import { square } from '../../lib/ops/elementwise/arithmetic';
import { slice } from '../../lib/ops/shape/slice';
import { sum } from '../../lib/ops/reduce/sum';
import { grad } from '../../lib/transforms/grad';
import { perExample } from '../../lib/transforms/perExample';
import { checkAgreement } from '../agreement';
import type { Contender, Subject } from '../subject';
import { calling } from './contender';
import { demoCnn, wideMlp, type Workload } from './models';

/** float32 sums over a batch in two orders. */
const TOLERANCE = 1e-4;
/** Examples whose gradients are stored one by one for the check. */
const CHECKED = 8;

/** The statistics' sum is the gradient, and their squares are those of the gradients one by one. */
async function check({ name, model, losses, loss, x, y }: Workload): Promise<void> {
  const { parameters } = model;
  const all = perExample(losses)(parameters, x, y);
  await checkAgreement(`${name}: gradient`, grad(loss)(parameters, x, y), all.sum(), TOLERANCE);
  const [fewX, fewY] = [x, y].map((tensor) => slice(tensor, { stops: [CHECKED] })) as [Tensor, Tensor];
  const few = perExample(losses)(parameters, fewX, fewY);
  const stored = few.materialize().map((gradients) => sum(square(gradients), { axis: 0 }));
  await checkAgreement(`${name}: sum of squares`, few.sumSquares(), stored, TOLERANCE);
}

async function contendersOf(load: Workload): Promise<readonly Contender[]> {
  await check(load);
  const { name, model, losses, loss, x, y } = load;
  const gradient = compile((params: Parameters, ...batch: readonly [Tensor, Tensor]) =>
    grad(loss)(params, ...batch),
  );
  const squares = compile((params: Parameters, ...batch: readonly [Tensor, Tensor]) =>
    perExample(losses)(params, ...batch).sumSquares(),
  );
  const plain = `${name}: gradient`;
  return [
    calling(plain, gradient, [model.parameters, x, y]),
    calling(`${name}: sumSquares`, squares, [model.parameters, x, y], plain),
  ];
}

/** What the diagonal of the Fisher costs beside a gradient. */
export const subject: Subject = {
  name: 'perExample',
  about:
    'the summed squares of per-example gradients beside the plain gradient of the same batch of 128: same parameters, ' +
    'same forward pass, one tensor per parameter as the result',
  members: ['demo CNN: sumSquares', 'MLP 784-1024-1024-10: sumSquares'],
  prepare: async () => [...(await contendersOf(await demoCnn())), ...(await contendersOf(await wideMlp()))],
};
