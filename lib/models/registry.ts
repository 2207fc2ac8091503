import { FormatError, nearest } from '../errors';
import type { Parameters } from '../graph/parameters';
import { modelOf, type Architecture } from './architecture';
import { cnnArchitecture } from './cnn';
import { mlpArchitecture } from './mlp';
import type { Model, ModelConfig } from './model';

/** Every architecture that can be loaded, by its `model_type`. */
const ARCHITECTURES: ReadonlyMap<string, Architecture<ModelConfig>> = new Map(
  [mlpArchitecture, cnnArchitecture].map((architecture) => [
    architecture.modelType,
    architecture as unknown as Architecture<ModelConfig>,
  ]),
);

/** The `model_type`s that can be loaded. */
export const modelTypes: readonly string[] = [...ARCHITECTURES.keys()];

/**
 * The model that a configuration describes, with these parameters. `where` names the configuration in messages.
 * @throws FormatError for an unknown `model_type`, listing the known ones; for a wrong field, naming it; and for
 *   parameters that do not fit.
 */
export function modelFrom(config: unknown, parameters: Parameters, where: string): Model {
  const type =
    typeof config === 'object' && config !== null && 'model_type' in config ? config.model_type : undefined;
  const architecture = typeof type === 'string' ? ARCHITECTURES.get(type) : undefined;
  if (!architecture) {
    const known = `known are ${modelTypes.map((name) => `'${name}'`).join(', ')}`;
    if (typeof type !== 'string')
      throw new FormatError(`${where}: the text field 'model_type' is missing; ${known}`);
    const near = nearest(type, modelTypes);
    const hint = near === undefined ? known : `did you mean '${near}'? ${known}`;
    throw new FormatError(`${where}: unknown model_type '${type}'; ${hint}`);
  }
  return modelOf(architecture, config, parameters, where);
}
