import type { z } from 'zod';

import { FormatError, nearest } from '../errors';

/**
 * A value that a schema accepts.
 * @throws FormatError that names the first field which is wrong; `where` names the whole. `known` are the names of all
 *   fields, for a hint about a misspelled one.
 */
export function validated<T>(
  schema: z.ZodType<T>,
  value: unknown,
  where: string,
  known: readonly string[] = [],
): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = fieldOf(issue?.path ?? []);
  if (issue?.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const near = nearest(key, known);
    const hint = near === undefined ? '' : `; did you mean '${near}'?`;
    throw new FormatError(`${where}:${field} unknown field '${key}'${hint}`);
  }
  throw new FormatError(`${where}:${field} ${issue?.message ?? 'not valid'}`);
}

/** ` field 'hidden[1].size':`, or nothing for the value itself. */
function fieldOf(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return steps === '' ? '' : ` field '${steps.replace(/^\./, '')}':`;
}
