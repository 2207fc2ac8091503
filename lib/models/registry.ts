import { FormatError, nearest } from '../errors';
import { Parameters } from '../graph/parameters';
import { Tensor } from '../graph/tensor';
import { modelOf, type Architecture } from './architecture';
import { assembled, type ModelFiles } from './checkpoint/assemble';
import { CheckpointModel } from './checkpoint/checkpointModel';
import { cnnArchitecture } from './cnn';
import { FAMILIES } from './families';
import { mlpArchitecture } from './mlp';
import type { ModelConfig } from './model';

/** The architectures of this library, by their `model_type`. */
const ARCHITECTURES: ReadonlyMap<string, Architecture<ModelConfig>> = new Map(
  [mlpArchitecture, cnnArchitecture].map((architecture) => [
    architecture.modelType,
    architecture as unknown as Architecture<ModelConfig>,
  ]),
);

/** The `model_type`s that can be loaded. */
export const modelTypes: readonly string[] = [...ARCHITECTURES.keys(), ...FAMILIES.keys()];

/**
 * The model that a configuration and files describe.
 * @throws FormatError for an unknown `model_type`, listing the known ones; for a wrong field, naming it; and for
 *   parameters that do not fit.
 */
export async function modelFromFiles(given: ModelFiles): Promise<CheckpointModel> {
  const { config, where } = given;
  const type =
    typeof config === 'object' && config !== null
      ? modelTypeOf(config as Record<string, unknown>)
      : undefined;
  const family = typeof type === 'string' ? FAMILIES.get(type) : undefined;
  if (family) return assembled(family, given);
  const architecture = typeof type === 'string' ? ARCHITECTURES.get(type) : undefined;
  if (architecture) return ownModel(architecture, given);
  const known = `known are ${modelTypes.map((name) => `'${name}'`).join(', ')}`;
  if (typeof type !== 'string')
    throw new FormatError(`${where}: the text field 'model_type' is missing; ${known}`);
  const near = nearest(type, modelTypes);
  const hint = near === undefined ? known : `did you mean '${near}'? ${known}`;
  throw new FormatError(`${where}: unknown model_type '${type}'; ${hint}`);
}

/** `diffusers` names the class and nothing else. */
const modelTypeOf = ({ model_type, _class_name }: Readonly<Record<string, unknown>>): unknown =>
  model_type ?? _class_name;

function ownModel(
  architecture: Architecture<ModelConfig>,
  { config, files, where, folder, texts }: ModelFiles,
): CheckpointModel {
  const all = new Parameters(files.names.map((name) => [name, files.tensor(name)] as const));
  const model = modelOf(architecture, config, all, where);
  return new CheckpointModel({
    config: model.config,
    architecture: architecture.modelType,
    parameters: model.parameters,
    buffers: new Parameters([]),
    generation: {},
    texts,
    stored: files.names,
    folder,
    network: {
      parameters: [...model.parameters].map(([name, { shape }]) => ({ name, shape })),
      hookPoints: ['logits'],
      tied: new Map(),
      outputs: (parameters, inputs, hooks) => {
        if (!(inputs instanceof Tensor))
          throw new FormatError(`${architecture.modelType}: a tensor of examples expected`);
        const logits = hooks.at('logits', model.forward(parameters, inputs));
        return { logits, hidden: logits };
      },
    },
  });
}
