import { compile } from '../../lib/graph/compile';
import { evaluate } from '../../lib/graph/evaluate';
import type { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import { tensorsOf } from '../../lib/graph/tree';
import { add, mul } from '../../lib/ops/elementwise/arithmetic';
import { sum } from '../../lib/ops/reduce/sum';
import { key, normal, splitKey } from '../../lib/random';
import { grad } from '../../lib/transforms/grad';
import { hvp } from '../../lib/transforms/hvp';
import { checkAgreement } from '../agreement';
import type { Subject } from '../subject';
import { calling } from './contender';
import { demoCnn, type Workload } from './models';

/** float32 second derivatives along two ways of computing. */
const TOLERANCE = 1e-3;

/** `H v` as the gradient of `<grad L, v>`: reverse over reverse. */
const byTwoReverses =
  (loss: Workload['loss']) =>
  (params: Parameters, v: Parameters, x: Tensor, y: Tensor): Parameters =>
    grad((theta: Parameters) => {
      const directions = tensorsOf(v);
      return tensorsOf(grad(loss)(theta, x, y))
        .map((slope, i) => sum(mul(slope, directions[i]!)))
        .reduce((total, part) => add(total, part));
    })(params);

/** A direction in which every parameter moves. */
async function directionLike(parameters: Parameters): Promise<Parameters> {
  const keys = splitKey(key(3), tensorsOf(parameters).length);
  let next = 0;
  return evaluate(parameters.map(({ shape }) => normal(keys[next++]!, shape)));
}

/** What a product with the Hessian costs beside a gradient. */
export const subject: Subject = {
  name: 'hvp',
  about:
    'the product of the Hessian with a vector, forward over reverse and reverse over reverse, beside the gradient of ' +
    'the same loss; both ways give the same numbers',
  members: ['demo CNN: hvp', 'demo CNN: hvp, two reverses'],
  prepare: async () => {
    const { name, model, loss, x, y } = await demoCnn();
    const { parameters } = model;
    const v = await directionLike(parameters);
    const twice = byTwoReverses(loss);
    await checkAgreement(name, hvp(loss)(parameters, v, x, y), twice(parameters, v, x, y), TOLERANCE);
    const gradient = compile((params: Parameters, ...batch: readonly [Tensor, Tensor]) =>
      grad(loss)(params, ...batch),
    );
    const plain = `${name}: gradient`;
    return [
      calling(plain, gradient, [parameters, x, y]),
      calling(`${name}: hvp`, compile(hvp(loss)), [parameters, v, x, y], plain),
      calling(`${name}: hvp, two reverses`, compile(twice), [parameters, v, x, y], plain),
    ];
  },
};
