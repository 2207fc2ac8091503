import { FormatError } from '../errors';

/**
 * The value of a JSON text. Unlike `JSON.parse` it refuses an object that holds a key twice, of which the last would
 * win silently. `where` names the text in messages.
 * @throws FormatError.
 */
export function parseStrictJson(text: string, where: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch (cause) {
    throw new FormatError(`${where}: ${(cause as SyntaxError).message}`, { cause });
  }
  const repeated = repeatedKey(text);
  if (repeated !== undefined)
    throw new FormatError(`${where}: the key ${repeated} appears twice in one object`);
  return value;
}

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g;

/** The first key, as it is spelled, that its object holds already. The text is known to be JSON. */
function repeatedKey(text: string): string | undefined {
  const keysOfObjects: Set<string>[] = [];
  let latest = '';
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') keysOfObjects.push(new Set());
    else if (token === '}' || token === ']') keysOfObjects.pop();
    else if (token === ':') {
      const keys = keysOfObjects.at(-1);
      const key = JSON.parse(latest) as string;
      if (keys?.has(key) === true) return latest;
      keys?.add(key);
    } else latest = token;
  }
  return undefined;
}
