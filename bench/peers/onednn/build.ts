import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';

const SOURCES = ['product.cpp', 'hashed.h'].map((name) => resolve(__dirname, name));
const PROGRAM = resolve(__dirname, 'build/product');

const modified = (path: string): number => statSync(path).mtimeMs;

/**
 * The program that calls oneDNN, built where g++ and libdnnl-dev are there and it is older than its sources; undefined
 * without them. A yardstick: nothing of the package depends on it.
 */
export function buildProduct(): string | undefined {
  if (existsSync(PROGRAM) && SOURCES.every((path) => modified(path) <= modified(PROGRAM))) return PROGRAM;
  mkdirSync(resolve(__dirname, 'build'), { recursive: true });
  const flags = ['-std=c++17', '-O2', '-Wall', '-Wextra', SOURCES[0] ?? '', '-o', PROGRAM, '-ldnnl'];
  const { status, stderr } = spawnSync('g++', flags, { encoding: 'utf8' });
  if (status === 0) return PROGRAM;
  const why = typeof stderr === 'string' && stderr.includes('dnnl.h') ? 'no libdnnl-dev' : 'g++ failed';
  console.error(`bench: without oneDNN (${why}); products are compared with PyTorch's alone`);
  return undefined;
}
