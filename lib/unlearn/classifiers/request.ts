import type { LabeledSet } from '../../data/labeledSet';
import type { Parameters } from '../../graph/parameters';
import { OptionError } from '../../errors';

/** What a classifier is asked to forget, and what there is to help. Methods take what they need of it. */
export interface ClassifierRequest {
  /** D_f: the examples to forget. */
  readonly forget?: LabeledSet;
  /** D_r: the examples to keep, or as many of them as there still are. */
  readonly retain?: LabeledSet;
  /** D: all training data, the forget set included. */
  readonly full?: LabeledSet;
  /** The diagonal Fisher information of D, computed earlier and stored: the data can then be gone. */
  readonly fullImportance?: Parameters;
  /** Fresh parameters of the model's names and shapes, for methods that train anew or want a network that knows nothing. */
  readonly initial?: Parameters;
}

/** The request with these parts in it. */
export type Requesting<K extends keyof ClassifierRequest> = ClassifierRequest &
  Required<Pick<ClassifierRequest, K>>;

const WHAT: Readonly<Record<keyof ClassifierRequest, string>> = {
  forget: 'the examples to forget',
  retain: 'the examples to keep',
  full: 'all training data',
  fullImportance: 'the stored importance of all training data',
  initial: 'fresh parameters',
};

/** @throws OptionError for a part that is missing, or a set without examples. */
export function checkRequest<K extends keyof ClassifierRequest>(
  where: string,
  request: ClassifierRequest,
  ...parts: readonly K[]
): asserts request is Requesting<K> {
  for (const part of parts) {
    const given: unknown = request[part];
    if (given === undefined || given === null)
      throw new OptionError(`${where}: ${WHAT[part]} (${part}) expected`);
    if (typeof given === 'object' && 'labels' in given && (given as LabeledSet).size === 0)
      throw new OptionError(`${where}: the set ${part} is empty`);
  }
}
