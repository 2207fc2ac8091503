import { z } from 'zod';

import { OptionError } from '../../errors';
import { evaluate } from '../../graph/evaluate';
import { extent } from '../../graph/shape';
import type { RunOptions } from '../../graph/tensor';
import type { Model } from '../../models/model';
import { iota } from '../../ops/indexing/iota';
import { full, equal, zerosLike } from '../../ops/elementwise/arithmetic';
import { where } from '../../ops/elementwise/math';
import { reshape } from '../../ops/shape/reshape';
import { defineMethod } from '../method/method';
import { settingsOf } from '../method/settings';
import { secondsSince, type Unlearned } from '../unlearned';
import type { ClassifierRequest } from './request';

const schema = z.strictObject({
  classIndex: z.int().min(0).describe('The class whose output is silenced.'),
  weight: z
    .string()
    .optional()
    .describe("The output layer's weight [classes, features]. Default: the last parameter but one."),
  bias: z.string().optional().describe("The output layer's bias [classes]. Default: the last parameter."),
});

export type ZeroRowOptions = z.input<typeof schema>;

/**
 * Zeroes the output row of a class and sends its bias to -1e4, so that it is never predicted. No method in the usual
 * sense: all that the network knows of the class stays in its features. It is the baseline that a class-forgetting method
 * has to be compared with, because in accuracies alone it is perfect.
 *
 * The other parameters are shared with the model: free the result with `dispose(model.parameters)`.
 *
 * @throws OptionError for a class that does not exist or an output layer of other shapes.
 */
export async function zeroRow(
  model: Model,
  _request: ClassifierRequest,
  options: ZeroRowOptions,
  run: RunOptions = {},
): Promise<Unlearned<Required<ZeroRowOptions>>> {
  const start = performance.now();
  const names = model.parameters.names;
  const settings = settingsOf('zeroRow', schema, options);
  const { classIndex, weight = names.at(-2) ?? '', bias = names.at(-1) ?? '' } = settings;
  const [matrix, offset] = [model.parameters.get(weight), model.parameters.get(bias)];
  const classes = extent(matrix.shape, 0);
  if (matrix.shape.length !== 2 || offset.shape.length !== 1 || offset.shape[0] !== classes) {
    throw new OptionError(
      `zeroRow: '${weight}' and '${bias}' are not the weight and bias of an output layer`,
    );
  }
  if (classIndex >= classes) {
    throw new OptionError(`zeroRow: classIndex must be an integer in [0, ${classes}), got ${classIndex}`);
  }
  const isRow = equal(iota(classes), classIndex);
  const parameters = model.parameters.with([
    [weight, where(reshape(isRow, [classes, 1]), zerosLike(matrix), matrix)],
    [bias, where(isRow, full([classes], SILENT, offset.dtype), offset)],
  ]);
  await evaluate(parameters, run);
  return {
    parameters,
    method: 'zeroRow',
    options: { classIndex, weight, bias },
    seconds: secondsSince(start),
    warnings: [],
  };
}

/** Far below any logit, and far from overflow in float16. */
const SILENT = -1e4;

export const zeroRowMethod = defineMethod({
  name: 'zeroRow',
  title: "Zeroing the class's output row",
  paper: 'a baseline; compare Chen et al. 2023 and Kodge et al. 2024',
  kind: 'classifier',
  intention: 'suppression',
  technique: 'localised edit',
  level: 'output',
  needs: ['class'],
  granularity: ['class'],
  sequential: true,
  module: 'palimpsest/unlearn',
  options: schema,
  run: zeroRow,
});
