/**
 * Plain data as a text that differs for different data: the part of a key that stands for attributes. Unlike JSON it has
 * infinities, NaN and negative zero, and it is several times faster than JSON with a function that puts them in.
 */
export function spelled(data: unknown): string {
  if (typeof data === 'number') return Object.is(data, -0) ? '-0' : `${data}`;
  if (typeof data === 'string') return JSON.stringify(data);
  if (Array.isArray(data)) return spelledList(data);
  if (typeof data !== 'object' || data === null) return String(data);
  let text = '{';
  for (const [key, value] of Object.entries(data)) text += `${key}:${spelled(value)},`;
  return `${text}}`;
}

function spelledList(list: readonly unknown[]): string {
  let text = '[';
  for (const item of list) text += `${spelled(item)},`;
  return `${text}]`;
}
