import { adam } from '../../optim/adam';
import type { Optimizer } from '../../optim/optimizer';
import { sgd } from '../../optim/sgd';
import { oneOf, weight } from './commonOptions';

/** The optimiser as plain data, for methods whose papers leave it open. */
export const optimizerOptions = optimizerOptionsWith({});

export function optimizerOptionsWith({
  optimizer = ['adam', 'sgd'],
  momentum = 0.9,
  weightDecay = 0,
  source = 'ours',
}: {
  readonly optimizer?: readonly ['adam', 'sgd'] | readonly ['sgd', 'adam'];
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly source?: string;
}) {
  return {
    optimizer: oneOf(optimizer, source, 'What makes steps of gradients.'),
    momentum: weight(momentum, source, "Of 'sgd'."),
    weightDecay: weight(weightDecay, source, "'adam': decoupled (AdamW); 'sgd': added to the gradient."),
  };
}

/** The settings of `optimizerOptions` and a learning rate. */
export interface OptimizerSettings {
  readonly optimizer: 'adam' | 'sgd';
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

export const optimizerOf = ({
  optimizer,
  learningRate,
  momentum,
  weightDecay,
}: OptimizerSettings): Optimizer =>
  optimizer === 'adam' ? adam({ learningRate, weightDecay }) : sgd({ learningRate, momentum, weightDecay });
