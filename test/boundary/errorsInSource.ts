import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One place of the sources that raises an error, and the fixed parts of what it says, in their order. */
export interface ErrorInSource {
  readonly place: string;
  readonly parts: readonly string[];
}

/** Statements that raise an error, as the parsers write them. */
const RAISES = /\b(?:json\.fail|fail|refuse|require|throw Error)\(((?:[^;"]|"(?:[^"\\]|\\.)*")*)\)\s*;/g;
const LITERAL = /"((?:[^"\\]|\\.)*)"/g;

/** Every error that the C++ sources of a folder can raise in words of their own; what the system says has none. */
export function errorsInSource(folder: string): ErrorInSource[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cpp'))
    .flatMap((name) => {
      const text = readFileSync(join(folder, name), 'utf8');
      return [...text.matchAll(RAISES)].map((raised) => ({
        place: `${name}:${text.slice(0, raised.index).split('\n').length}`,
        parts: [...(raised[1] ?? '').matchAll(LITERAL)]
          .map(([, literal = '']) => literal.replace(/\\(.)/g, '$1'))
          .filter((literal) => !literal.startsWith('ERR_') && literal.trim().length > 2),
      }));
    })
    .filter(({ parts }) => parts.length > 0);
}

/** Whether the message has all the parts in their order. */
export function says(message: string, parts: readonly string[]): boolean {
  let at = 0;
  return parts.every((part) => {
    const found = message.indexOf(part, at);
    at = found + part.length;
    return found >= 0;
  });
}
