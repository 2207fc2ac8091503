import { sum } from '../../ops/reduce/sum';
import { gnvp, hvp } from '../../transforms';
import { lossesOf, type ExampleBatch, type Objective } from '../objective';
import { DataOperator } from './dataOperator';
import type { CurvatureOperator } from './operator';

/** The Hessian of the mean loss, `1/N sum_n d^2 l_n / d theta^2`. Products are exact: forward over reverse. */
export const hessianOperator = <B extends ExampleBatch>(objective: Objective<B>): CurvatureOperator =>
  new DataOperator(objective, 'Hessian products', (own, v, _seed, batch) =>
    hvp((theta: typeof v) => sum(lossesOf(own)(theta, ...batch)))(own.parameters, v),
  );

/**
 * The generalised Gauss-Newton matrix of the mean loss, `1/N sum_n J_n^T H_n J_n` with the Jacobian J of the outputs and the
 * Hessian H of the loss in them. Positive semi-definite for a convex loss; for softmax cross-entropy it is the true Fisher
 * information, all classes counted.
 */
export const gaussNewtonOperator = <B extends ExampleBatch>(objective: Objective<B>): CurvatureOperator =>
  new DataOperator(objective, 'Gauss-Newton products', (own, v, _seed, batch) =>
    gnvp(
      (theta: typeof v) => own.outputs(theta, ...batch),
      (outputs) => sum(own.losses(outputs, ...batch)),
    )(own.parameters, v),
  );
