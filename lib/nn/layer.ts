import { checkFunction, checkOptions, unexpected } from '../errors';
import type { FloatDType } from '../graph/dtype';
import { Parameters } from '../graph/parameters';
import { checkShape, type Shape } from '../graph/shape';
import type { Tensor } from '../graph/tensor';
import { splitKey } from '../random';
import type { Initializer } from './init/initializer';

/** A parameter of a layer: its name under the layer, its shape, and how it starts. */
export interface LayerParameter {
  readonly name: string;
  readonly shape: Shape;
  readonly initial: Initializer;
}

/** Where a layer finds its parameters: `Parameters` are one. */
export interface ParameterSource {
  get(name: string): Tensor;
}

export interface InitOptions {
  /** Default float32. */
  readonly dtype?: FloatDType;
}

/**
 * A description of parameters, and a function of them and of inputs. It holds no tensor and changes nothing: parameters
 * come in with every call, so derivatives, edits and checkpoints need no layer.
 */
export interface Layer<I extends readonly unknown[] = readonly [x: Tensor], O = Tensor> {
  /** In the order of the parts. */
  readonly parameters: readonly LayerParameter[];
  /** Initial parameters, each from a key of its own. @throws PalimpsestError ERR_PARAMETER when two have one name. */
  init(key: Tensor, options?: InitOptions): Parameters;
  /** @throws PalimpsestError ERR_PARAMETER for a parameter that is not there. */
  apply(parameters: ParameterSource, ...inputs: I): O;
}

/** A part of a layer that is a parameter itself. */
export interface OwnParameter {
  readonly shape: Shape;
  readonly initial: Initializer;
}

/** Layers and parameters in any nesting; where something is left out, `undefined`. */
export type Parts =
  | Layer<readonly unknown[], unknown>
  | OwnParameter
  | undefined
  | readonly Parts[]
  | { readonly [name: string]: Parts };

/** A layer with its parameters: a function of the inputs. */
export interface BoundLayer<I extends readonly unknown[], O> {
  (...inputs: I): O;
  /** One of its parameters, for instance to use it a second time. */
  get(name: string): Tensor;
}

/** Parts with their parameters: parameters have become tensors and layers functions. */
export type Bound<P> = P extends undefined
  ? undefined
  : P extends OwnParameter
    ? Tensor
    : P extends Layer<infer I, infer O>
      ? BoundLayer<I, O>
      : { readonly [name in keyof P]: Bound<P[name]> };

/**
 * A parameter of this shape among the parts of a layer.
 * @throws ShapeError for what is no shape; PalimpsestError ERR_ARGUMENT for what is no initialiser.
 */
export function parameter(shape: Shape, initial: Initializer): OwnParameter {
  checkShape('parameter', shape);
  checkFunction('parameter', initial, 'an initialiser');
  return { shape, initial };
}

/**
 * A layer made of parts. The names of parameters are the paths to them (`{ h: [{ c_fc: nn.linear(...) }] }` gives
 * `h.0.c_fc.weight`), so parts are named as the checkpoint names them. The function gets the parts with their
 * parameters, and the inputs.
 *
 * @example
 * const classifier = layer(
 *   { hidden: nn.linear(784, 128), output: nn.linear(128, 10) },
 *   ({ hidden, output }, x: Tensor) => output(relu(hidden(x))),
 * );
 * const parameters = classifier.init(key(0));          // hidden.weight, hidden.bias, output.weight, output.bias
 * const logits = classifier.apply(parameters, images);
 * @throws PalimpsestError ERR_ARGUMENT for what is no part, and without a function.
 */
export function layer<const P extends Parts, I extends readonly unknown[], O>(
  parts: P,
  forward: (parts: Bound<P>, ...inputs: I) => O,
): Layer<I, O> {
  checkFunction('layer', forward);
  const parameters = parametersOf(parts, '');
  return {
    parameters,
    init: (key, options = {}) => {
      checkOptions('init', options, ['dtype']);
      return initialParameters(parameters, key, options.dtype ?? 'float32');
    },
    apply: (source, ...inputs) => {
      checkSource(source);
      return forward(bound(parts, source, '') as Bound<P>, ...inputs);
    },
  };
}

function checkSource(source: unknown): void {
  if (typeof source === 'object' && source !== null && 'get' in source && typeof source.get === 'function')
    return;
  throw unexpected('apply', 'Parameters', source);
}

function initialParameters(
  parameters: readonly LayerParameter[],
  key: Tensor,
  dtype: FloatDType,
): Parameters {
  const keys = splitKey(key, parameters.length);
  return new Parameters(
    parameters.map(({ name, shape, initial }, i) => [name, initial(keys[i] ?? key, shape, { dtype })]),
  );
}

const isLayer = (part: object): part is Layer<readonly unknown[], unknown> =>
  'apply' in part && typeof part.apply === 'function';
const isParameter = (part: object): part is OwnParameter =>
  'initial' in part && typeof part.initial === 'function';
const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

function parametersOf(part: Parts, path: string): readonly LayerParameter[] {
  if (part === undefined) return [];
  const given: unknown = part;
  if (typeof given !== 'object' || given === null) {
    const where = path === '' ? 'layer' : `layer: '${path}'`;
    throw unexpected(where, 'a layer or a parameter', given);
  }
  if (isParameter(part)) return [{ name: path, ...part }];
  if (isLayer(part)) return part.parameters.map((own) => ({ ...own, name: join(path, own.name) }));
  return Object.entries(part).flatMap(([name, inner]: [string, Parts]) =>
    parametersOf(inner, join(path, name)),
  );
}

function bound(part: Parts, source: ParameterSource, path: string): unknown {
  if (part === undefined) return undefined;
  if (isParameter(part)) return source.get(path);
  if (isLayer(part)) {
    const own: ParameterSource = { get: (name) => source.get(join(path, name)) };
    return Object.assign((...inputs: readonly unknown[]) => part.apply(own, ...inputs), own);
  }
  if (Array.isArray(part)) return part.map((inner: Parts, i) => bound(inner, source, join(path, String(i))));
  return Object.fromEntries(
    Object.entries(part).map(([name, inner]: [string, Parts]) => [
      name,
      bound(inner, source, join(path, name)),
    ]),
  );
}
