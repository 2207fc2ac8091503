import { checkFunction, checkOptions, nearest, OptionError, ShapeError } from '../../errors';
import type { Parameters } from '../../graph/parameters';
import { formatShape, sameShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import type { CheckpointModel, ModelOutputs } from '../checkpoint/checkpointModel';
import type { ModelInputs } from '../inputs';
import type { Hooks } from './hooks';

/** What goes on in the place of a value: of its shape and dtype. */
export type ValuePatch = (value: Tensor, name: string) => Tensor;

export interface HookedRunOptions {
  /** Default: the model's own. */
  readonly parameters?: Parameters;
  /** Names of values to give back, as they are after patches. */
  readonly read?: readonly string[];
  /** What replaces values, by their names. */
  readonly patch?: Readonly<Record<string, ValuePatch>>;
  /** What the queries of a block may see, besides what they may anyway: bool, broadcasting to [N, H, T, S], by the block's number. */
  readonly masks?: Readonly<Record<number, Tensor>>;
  /** Factors for the outputs of a block's heads, [H], by the block's number. */
  readonly headScales?: Readonly<Record<number, Tensor>>;
}

export interface HookedOutputs extends ModelOutputs {
  /** What `read` asked for. */
  readonly read: Readonly<Record<string, Tensor>>;
}

/**
 * A forward pass that is looked into: `model.hookPoints` are the names. All of it is lazy and differentiable, so it may stand in a loss
 * and in a compiled function; a patched value has the derivatives of the patch. What comes before a patch, and passes without
 * patches, are the same to the bit as `model.outputs`.
 *
 * @example
 * const { logits, read } = run(model, { inputIds }, {
 *   read: ['blocks.3.resid_pre', 'blocks.3.pattern'],
 *   patch: { 'blocks.5.mlp_out': (value) => mul(value, 0) },
 * });
 * @throws OptionError for a name that the model does not have, naming the near one; ShapeError for a patch of another shape.
 */
export function run(
  model: CheckpointModel,
  inputs: ModelInputs,
  options: HookedRunOptions = {},
): HookedOutputs {
  checkOptions('run', options, ['parameters', 'read', 'patch', 'masks', 'headScales']);
  const { parameters = model.parameters, read = [], patch = {}, masks = {}, headScales = {} } = options;
  const known = new Set(model.hookPoints);
  for (const name of [...read, ...Object.keys(patch)]) checkName(name, known);
  for (const [name, one] of Object.entries(patch)) checkFunction(`run: patch '${name}'`, one);
  for (const block of [...Object.keys(masks), ...Object.keys(headScales)]) {
    if (!known.has(`blocks.${block}.z`))
      throw new OptionError(`run: there is no block ${block} with attention`);
  }
  const wanted = new Set(read);
  const values: Record<string, Tensor> = {};
  const hooks: Hooks = {
    at: (name, value) => {
      const own = Object.hasOwn(patch, name) ? patch[name] : undefined;
      const after = own ? checkedPatch(name, value, own(value, name)) : value;
      if (wanted.has(name)) values[name] = after;
      return after;
    },
    isRead: (name) => wanted.has(name),
    isPatched: (name) => Object.hasOwn(patch, name),
    mask: (block) => masks[block],
    headScale: (block) => headScales[block],
  };
  return { ...model.outputs(parameters, inputs, hooks), read: values };
}

function checkName(name: string, known: ReadonlySet<string>): void {
  if (known.has(name)) return;
  const near = nearest(name, known);
  const hint = near === undefined ? 'model.hookPoints lists them' : `did you mean '${near}'?`;
  throw new OptionError(`run: the model has no value '${name}'; ${hint}`);
}

function checkedPatch(name: string, before: Tensor, after: Tensor): Tensor {
  if (sameShape(before.shape, after.shape) && before.dtype === after.dtype) return after;
  throw new ShapeError(
    `run: patch '${name}': ${before.dtype} ${formatShape(before.shape)} expected, ` +
      `got ${after.dtype} ${formatShape(after.shape)}`,
  );
}
