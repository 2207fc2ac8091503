import { nearest, OptionError } from '../errors';
import { CLASSIFIER_METHODS } from './classifiers/methods';
import type { ClassifierRequest } from './classifiers/request';
import { measured } from './measured';
import type { Method, MethodInfo } from './method/method';

/** A method and what measurements showed of it. */
export interface MethodEntry extends MethodInfo {
  /** What `palimpsest demo` showed: accuracies after the request; see the README for the whole table. */
  readonly measured?: string;
}

const METHODS = new Map(CLASSIFIER_METHODS.map((method) => [method.name, method]));

const entryOf = ({ options: _options, run: _run, ...info }: Method<never>): MethodEntry => {
  const shown = (measured as Readonly<Record<string, string>>)[info.name];
  return { ...info, ...(shown === undefined ? {} : { measured: shown }) };
};

/** Every unlearning method of this package. */
export const unlearningMethods: readonly MethodEntry[] = [...METHODS.values()].map((method) =>
  entryOf(method as unknown as Method<never>),
);

/** The method of this name, to be run with options that are plain data. @throws OptionError that suggests the near name. */
export function methodNamed(name: string): Method<ClassifierRequest> {
  const method = METHODS.get(name);
  if (method) return method;
  const near = nearest(name, METHODS.keys());
  const hint = near === undefined ? `known are ${[...METHODS.keys()].join(', ')}` : `did you mean '${near}'?`;
  throw new OptionError(`there is no method '${name}'; ${hint}`);
}
