import { types } from 'node:util';

import { checkOptions, OptionError } from '../errors';
import { mapTree } from '../graph/tree';

/** Which parameters a setting is for: by their name, or the path `layers.0.weight` in another tree. */
export type ParameterPattern = RegExp | ((name: string) => boolean);

/** Options of an optimiser for some of the parameters, in place of its own. The first group that matches counts. */
export type ParameterGroup<O> = Omit<O, 'groups'> & { readonly parameters: ParameterPattern };

/** A group whose options have become a rule. */
export interface GroupRule<R> {
  readonly matches: (name: string) => boolean;
  readonly text: string;
  readonly rule: R;
  /** Whether the group has a learning rate of its own, which one given for a step does not replace. */
  readonly hasLearningRate: boolean;
}

export const matcherOf = (pattern: ParameterPattern): ((name: string) => boolean) =>
  // Unlike `test`, `search` does not go on from where a global pattern stopped.
  typeof pattern === 'function' ? pattern : (name) => name.search(pattern) >= 0;

/** The names of all tensors of a tree, in the order of `tensorsOf`. */
export function namesOf(tree: unknown): string[] {
  const names: string[] = [];
  mapTree(tree, (tensor, path) => {
    names.push(path);
    return tensor;
  });
  return names;
}

/** The rule of an optimiser's own options, and those of its groups. */
export function rulesOf<O extends { readonly groups?: readonly ParameterGroup<O>[] | undefined }, R>(
  where: string,
  options: O,
  known: readonly string[],
  ruleOf: (options: Omit<O, 'groups'>) => R,
): { readonly rule: R; readonly groups: readonly GroupRule<R>[] } {
  checkOptions(where, options, [...known, 'groups']);
  const { groups = [], ...own } = options;
  const ruleOfGroup = ({ parameters, ...changes }: ParameterGroup<O>): GroupRule<R> => {
    if (!types.isRegExp(parameters) && typeof parameters !== 'function') {
      throw new OptionError(
        `${where}: the parameters of a group are a RegExp or a function, got ${typeof parameters}`,
      );
    }
    checkOptions(`${where}: group ${String(parameters)}`, changes, known);
    return {
      matches: matcherOf(parameters),
      text: String(parameters),
      rule: ruleOf({ ...own, ...changes }),
      hasLearningRate: 'learningRate' in changes,
    };
  };
  return { rule: ruleOf(own), groups: groups.map(ruleOfGroup) };
}

/** Throws when a group is for no parameter at all: its pattern is misspelled. */
export function checkGroups(
  where: string,
  groups: readonly Pick<GroupRule<unknown>, 'matches' | 'text'>[],
  names: readonly string[],
): void {
  for (const { matches, text } of groups) {
    if (names.some(matches)) continue;
    const listed = names.slice(0, 3).join(', ');
    throw new OptionError(`${where}: no parameter matches ${text}; there are ${names.length}: ${listed}...`);
  }
}
