import type { Parameters } from '../../graph/parameters';
import type { Tensor } from '../../graph/tensor';
import type { KeyValueCache, TokenInputs } from '../inputs';

/** What generation asks of a model: a pure function of parameters and tokens. Models of `loadModel` are such. */
export interface LanguageModel {
  readonly parameters: Parameters;
  outputs(
    parameters: Parameters,
    inputs: TokenInputs,
  ): { readonly logits?: Tensor; readonly cache?: KeyValueCache };
}
