import type { z } from 'zod';

import { DTypeError, FormatError, nearest, ShapeError } from '../errors';
import { isFloat, type FloatDType } from '../graph/dtype';
import { Parameters } from '../graph/parameters';
import { formatShape, sameShape, sizeOf, type Shape } from '../graph/shape';
import type { Tensor } from '../graph/tensor';
import { fanInUniform, fansOf } from '../nn/init';
import { cast, div } from '../ops/elementwise/arithmetic';
import { reshape } from '../ops/shape/reshape';
import { key, splitKey } from '../random';
import type { Model, ModelConfig } from './model';
import { validated } from './validated';

/** A weight of a layer, or its bias, which goes by the fan of the weight. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly fanIn: number;
}

/** What there is to know about a kind of model. */
export interface Architecture<C extends ModelConfig> {
  readonly modelType: C['model_type'];
  /** Accepts the configurations of this architecture and no other. */
  readonly schema: z.ZodObject & z.ZodType<C>;
  /** All parameters in the order of the layers, under the names that PyTorch would give them. */
  readonly parameters: (config: C) => readonly ParameterSpec[];
  readonly forward: (config: C, parameters: Parameters, inputs: Tensor) => Tensor;
}

/**
 * A model of this architecture.
 * @param config Anything: a FormatError names the field that is wrong. `where` names it in messages.
 * @throws FormatError when a parameter is missing, unknown or of another shape; DTypeError unless all are of one float
 *   dtype.
 */
export function modelOf<C extends ModelConfig>(
  architecture: Architecture<C>,
  config: unknown,
  parameters: Parameters | ((specs: readonly ParameterSpec[]) => Parameters),
  where: string = architecture.modelType,
): Model {
  const valid = validated(architecture.schema, config, where, Object.keys(architecture.schema.shape));
  const specs = architecture.parameters(valid);
  const own = typeof parameters === 'function' ? parameters(specs) : parameters;
  checkParameters(where, specs, own);
  return {
    config: valid,
    parameters: own,
    forward: (theta, inputs) => architecture.forward(valid, theta, inputs),
  };
}

/** The weight [out, ...] and the bias [out] of one layer. */
export function layer(name: string, weight: Shape): ParameterSpec[] {
  const { fanIn } = fansOf(weight);
  return [
    { name: `${name}.weight`, shape: weight, fanIn },
    { name: `${name}.bias`, shape: weight.slice(0, 1), fanIn },
  ];
}

export interface InitialOptions {
  /** Of the random initial parameters: a non-negative integer. Default 0. */
  readonly seed?: number;
  /** Default float32. */
  readonly dtype?: FloatDType;
}

/** Random parameters as PyTorch draws them: uniform within 1 / sqrt(fan in), a key for each. */
export function initialParameters(specs: readonly ParameterSpec[], options: InitialOptions): Parameters {
  const { seed = 0, dtype = 'float32' } = options;
  const keys = splitKey(key(seed), specs.length);
  return new Parameters(
    keys.flatMap((own, i) => {
      const spec = specs[i];
      return spec ? [[spec.name, fanInUniform(own, spec.shape, { fanIn: spec.fanIn, dtype })] as const] : [];
    }),
  );
}

/**
 * Inputs as the network wants them: of the shape of its examples, whatever axes the same numbers came in, and of the
 * parameters' dtype. Bytes are scaled from 0 ... 255 to 0 ... 1.
 */
export function prepared(where: string, inputs: Tensor, exampleShape: Shape, parameters: Parameters): Tensor {
  const [count, ...given] = inputs.shape;
  if (count === undefined || sizeOf(given) !== sizeOf(exampleShape)) {
    throw new ShapeError(
      `${where}: inputs [N, ${exampleShape.join(', ')}] expected, got ${formatShape(inputs.shape)}`,
    );
  }
  if (inputs.dtype !== 'uint8' && !isFloat(inputs.dtype)) {
    throw new DTypeError(`${where}: inputs of uint8 or floats expected, got ${inputs.dtype}`);
  }
  const [first] = [...parameters];
  const dtype = first?.[1].dtype ?? 'float32';
  const shaped = sameShape(given, exampleShape) ? inputs : reshape(inputs, [count, ...exampleShape]);
  const numbers = shaped.dtype === dtype ? shaped : cast(shaped, dtype);
  return inputs.dtype === 'uint8' ? div(numbers, 255) : numbers;
}

function checkParameters(where: string, specs: readonly ParameterSpec[], parameters: Parameters): void {
  const expected = new Map(specs.map(({ name, shape }) => [name, shape]));
  const unknown = parameters.names.find((name) => !expected.has(name));
  for (const [name, shape] of expected) {
    if (!parameters.has(name)) {
      const near = unknown === undefined ? undefined : nearest(unknown, [name]);
      const hint = near === undefined ? '' : `; there is a '${unknown ?? ''}'`;
      throw new FormatError(`${where}: parameter '${name}' ${formatShape(shape)} is missing${hint}`);
    }
    const found = parameters.get(name);
    if (!sameShape(found.shape, shape)) {
      throw new FormatError(
        `${where}: parameter '${name}' of shape ${formatShape(shape)} expected, got ${formatShape(found.shape)}`,
      );
    }
  }
  if (unknown !== undefined)
    throw new FormatError(`${where}: there is no parameter '${unknown}' in this model`);
  const dtypes = new Set([...parameters].map(([, { dtype }]) => dtype));
  if (dtypes.size !== 1 || ![...dtypes].every(isFloat)) {
    throw new DTypeError(
      `${where}: parameters of one float dtype expected, got ${[...dtypes].join(' and ')}`,
    );
  }
}
