import { z } from 'zod';

import { linear } from '../ops/products/matmul';
import { relu } from '../ops/elementwise/math';
import {
  initialParameters,
  layer,
  modelOf,
  prepared,
  type Architecture,
  type InitialOptions,
} from './architecture';
import type { Model } from './model';

export interface MlpOptions {
  /** How many numbers an example has. */
  readonly inputs: number;
  /** Width of each hidden layer. Empty for a linear classifier. */
  readonly hidden: readonly number[];
  readonly classes: number;
}

const extent = z.int().positive();
const schema = z.strictObject({
  model_type: z.literal('mlp'),
  inputs: extent,
  hidden: z.array(extent),
  classes: extent,
});
export type MlpConfig = z.infer<typeof schema>;

/** Linear layers fc1, fc2, ... with relu between them. */
export const mlpArchitecture: Architecture<MlpConfig> = {
  modelType: 'mlp',
  schema,
  parameters: ({ inputs, hidden, classes }) => {
    const widths = [inputs, ...hidden, classes];
    return widths.slice(1).flatMap((out, i) => layer(`fc${i + 1}`, [out, widths[i] ?? 0]));
  },
  forward: ({ inputs, hidden }, parameters, x) => {
    let h = prepared('mlp', x, [inputs], parameters);
    for (let i = 1; i <= hidden.length + 1; i++) {
      h = linear(h, parameters.get(`fc${i}.weight`), parameters.get(`fc${i}.bias`));
      if (i <= hidden.length) h = relu(h);
    }
    return h;
  },
};

/**
 * A multi-layer perceptron with random parameters, `fc1.weight` [out, in], `fc1.bias`, `fc2.weight`, ...
 *
 * @example
 * const model = mlp({ inputs: 784, hidden: [256, 64], classes: 10 }, { seed: 1 });
 * @throws FormatError for a width that is no positive integer.
 */
export const mlp = ({ inputs, hidden, classes }: MlpOptions, options: InitialOptions = {}): Model =>
  modelOf(mlpArchitecture, { model_type: 'mlp', inputs, hidden, classes }, (specs) =>
    initialParameters(specs, options),
  );
