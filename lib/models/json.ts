import { OptionError } from '../errors';

/** Plain data that a JSON file can hold. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

const MAX_DEPTH = 64;

/**
 * A copy of plain data as JSON would keep it; members that are undefined are left out.
 * @throws OptionError, naming the place, for what JSON cannot hold: NaN, infinities, functions, other objects than plain
 *   ones, circles, and members named `__proto__`, which many readers drop or obey.
 */
export function toJson(where: string, value: unknown, depth = 0): Json {
  const refuse = (what: string): never => {
    throw new OptionError(`${where} cannot be recorded: plain JSON data expected, got ${what}`);
  };
  if (depth > MAX_DEPTH) refuse('data nested too deeply, or in a circle');
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : refuse(String(value));
  if (Array.isArray(value)) return value.map((item, i) => toJson(`${where}[${i}]`, item, depth + 1));
  if (typeof value !== 'object' || !isPlain(value)) return refuse(describe(value));
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (members.some(([key]) => key === '__proto__')) refuse("a member named '__proto__'");
  return Object.fromEntries(
    members.map(([key, member]) => [key, toJson(`${where}.${key}`, member, depth + 1)]),
  );
}

/** `toJson` for what must be an object. */
export function toJsonObject(where: string, value: object): JsonObject {
  const json = toJson(where, value);
  if (json !== null && typeof json === 'object' && !Array.isArray(json)) return json as JsonObject;
  throw new OptionError(`${where} cannot be recorded: an object expected`);
}

/** Made by `{}` or the like, in any realm. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

const describe = (value: unknown): string =>
  typeof value === 'object' ? `a ${value?.constructor.name ?? 'null'}` : `a ${typeof value}`;
