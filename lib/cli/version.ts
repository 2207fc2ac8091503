import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version of this package. */
export function packageVersion(): string {
  const description: unknown = JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8'));
  const isDescribed = typeof description === 'object' && description !== null && 'version' in description;
  return isDescribed ? String(description.version) : 'unknown';
}
