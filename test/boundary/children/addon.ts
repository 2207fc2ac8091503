import { join } from 'node:path';

import load = require('node-gyp-build');

/** The addon as it is, without the checks of lib/native.ts. */
export type RawAddon = Record<string, (...args: unknown[]) => unknown>;

const override = process.env['PALIMPSEST_ADDON'];

/** What a hostile caller can reach. */
export const addon = (
  override === undefined || override === '' ? load(join(__dirname, '..', '..', '..')) : require(override)
) as RawAddon;

/** What `runProgram` and `openSafetensors` give back. */
export interface Started {
  readonly promise: Promise<unknown>;
  readonly task: unknown;
}

export const isStarted = (value: unknown): value is Started =>
  typeof value === 'object' && value !== null && 'promise' in value && 'task' in value;

/** The `code` of an error, or undefined when it has none. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** The encoding of a program that doubles four float32: native/core/program.h documents the order. */
export function doubling(): Float64Array {
  const numberOf = (name: string): number => (addon['kernelNames']!() as string[]).indexOf(name);
  const operation = (name: string): number => (addon['elementwiseNames']!() as string[]).indexOf(name);
  const header = [2, 1, 1, 0];
  const values = [2, 0, 0, 0, 0, 1, 4, 0, 1, 0, 0, 1, 4];
  const chain = [1, operation('add'), 0, 0, 0, -1, 0, 1];
  return Float64Array.from([...header, ...values, 1, numberOf('fused'), 1, 0, 1, 1, chain.length, ...chain]);
}
