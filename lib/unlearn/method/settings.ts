import { z } from 'zod';

import { checkRecord, describe, nearest, OptionError } from '../../errors';

/**
 * The options of a method with their defaults filled in: plain data that can be logged and replayed.
 * @throws OptionError for the first option that is misspelled, of another type or out of range.
 */
export function settingsOf<S extends z.ZodObject>(where: string, schema: S, given: z.input<S>): z.output<S> {
  checkRecord(where, given);
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new OptionError(`${where}: ${issue ? sentenceOf(issue, schema, given) : 'options not valid'}`);
}

type Issue = z.core.$ZodIssue;

function sentenceOf(issue: Issue, schema: z.ZodObject, given: unknown): string {
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const known = knownAt(issue.path, schema);
    const near = nearest(key, known);
    const hint = near === undefined ? `known options: ${known.join(', ')}` : `did you mean '${near}'?`;
    return `unknown option '${[...issue.path, key].join('.')}'; ${hint}`;
  }
  const value = issue.path.reduce<unknown>(
    (within, step) => (within as Record<PropertyKey, unknown> | undefined)?.[step],
    given,
  );
  return `${issue.path.join('.')} must be ${expectationOf(issue)}, got ${describe(value)}`;
}

function expectationOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return article(issue.expected === 'int' ? 'integer' : issue.expected);
    case 'too_small':
      return `${issue.inclusive === false ? 'greater than' : 'at least'} ${issue.minimum}`;
    case 'too_big':
      return `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
    case 'invalid_value':
      return issue.values.map((value) => describe(value)).join(' or ');
    default:
      return issue.message;
  }
}

const article = (noun: string): string => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;

/** The names of the options at a path. */
function knownAt(path: readonly PropertyKey[], schema: z.ZodObject): string[] {
  let at: z.ZodObject = schema;
  for (const step of path) {
    const inner = bare(at.shape[String(step)]);
    if (!(inner instanceof z.ZodObject)) return [];
    at = inner;
  }
  return Object.keys(at.shape);
}

/** A schema without the defaults and optionality around it. */
export function bare(schema: unknown): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault)
    return bare(schema.unwrap());
  return schema;
}
