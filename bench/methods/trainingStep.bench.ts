import { compile } from '../../lib/graph/compile';
import { evaluate } from '../../lib/graph/evaluate';
import type { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import { adam } from '../../lib/optim/adam';
import type { OptimizerState } from '../../lib/optim/optimizer';
import { crossEntropyLoss } from '../../lib/optim/train';
import { valueAndGrad } from '../../lib/transforms/grad';
import { checkAgreement } from '../agreement';
import type { Subject } from '../subject';
import { calling } from './contender';
import { demoCnn } from './models';

/** The same program but for what comes after the gradient. */
const TOLERANCE = 1e-6;

/** What the optimiser adds to a gradient. */
export const subject: Subject = {
  name: 'trainingStep',
  about:
    'one step of Adam on a batch of 128 beside the loss and gradient that it starts from: what is more is the update',
  members: ['demo CNN: training step'],
  prepare: async () => {
    const { name, model, x, y } = await demoCnn();
    const { parameters } = model;
    const optimizer = adam({ learningRate: 1e-3 });
    const state = await evaluate(optimizer.init(parameters));
    const lossAndGradient = (params: Parameters, ...batch: readonly [Tensor, Tensor]) =>
      valueAndGrad((theta: Parameters) => crossEntropyLoss(model, theta, ...batch))(params);
    const step = (
      params: Parameters,
      before: OptimizerState<Parameters>,
      ...batch: readonly [Tensor, Tensor]
    ) => {
      const { value, grad } = lossAndGradient(params, ...batch);
      return { ...optimizer.step(params, grad, before), loss: value };
    };
    const slopes = lossAndGradient(parameters, x, y);
    const stepped = step(parameters, state, x, y);
    await checkAgreement(`${name}: loss`, slopes.value, stepped.loss, TOLERANCE);
    const updated = optimizer.step(parameters, slopes.grad, state).params;
    await checkAgreement(`${name}: parameters`, updated, stepped.params, TOLERANCE);
    const plain = `${name}: loss and gradient`;
    return [
      calling(plain, compile(lossAndGradient), [parameters, x, y]),
      calling(`${name}: training step`, compile(step), [parameters, state, x, y], plain),
    ];
  },
};
