import { add, mul } from '../../ops/elementwise/arithmetic';
import type { ModelOutputs, Network } from '../checkpoint/checkpointModel';
import { activationOf, type ActivationName } from '../decoder/activations';
import { project, projectionShapes, stepAt } from '../decoder/layers';
import {
  pixelsOf,
  visionHookPoints,
  visionShapes,
  visionStates,
  type VisionDescription,
} from './visionTransformer';

/** What stands behind a tower: a pooler of the class token, or classifiers of single tokens, whose scores are averaged. */
export interface VisionHead {
  readonly pooler?: { readonly name: string; readonly outputs: number; readonly activation: ActivationName };
  readonly classifiers: readonly { readonly name: string; readonly token: number }[];
  readonly classes: number;
}

/** A vision transformer (Dosovitskiy et al. 2021) with its head. */
export function visionClassifier(
  d: VisionDescription,
  { pooler, classifiers, classes }: VisionHead,
): Network {
  return {
    parameters: [
      ...visionShapes(d),
      ...(pooler ? projectionShapes(pooler.name, [d.width, pooler.outputs], { bias: true }) : []),
      ...classifiers.flatMap(({ name }) => projectionShapes(name, [d.width, classes], { bias: true })),
    ],
    hookPoints: [
      ...visionHookPoints(d),
      ...(pooler ? ['pooled'] : []),
      ...(classifiers.length > 0 ? ['logits'] : []),
    ],
    tied: new Map(),
    outputs: (parameters, given, hooks) => {
      const like = parameters.get(`${d.prefix}${d.stem.positions}`);
      const pixels = pixelsOf('vision transformer', given, [d.channels, ...d.image], like);
      const hidden = visionStates(d, parameters, pixels, hooks);
      const pooled =
        pooler &&
        hooks.at(
          'pooled',
          activationOf(pooler.activation)(project(parameters, pooler.name, stepAt(hidden, 0))),
        );
      const scores = classifiers.map(({ name, token }) => project(parameters, name, stepAt(hidden, token)));
      const [first, ...others] = scores;
      const sum = first && others.reduce((total, one) => add(total, one), first);
      const logits = sum && (scores.length > 1 ? mul(sum, 1 / scores.length) : sum);
      return {
        ...(logits ? { logits: hooks.at('logits', logits) } : {}),
        hidden,
        ...(pooled ? { pooled } : {}),
      } satisfies ModelOutputs;
    },
  };
}
