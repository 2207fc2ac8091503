import { appendFileSync } from 'node:fs';

// The numbers that promises of reliability are measured by. They go to the terminal, and as JSON lines to the file that
// PALIMPSEST_NUMBERS names: `npm run reliability` makes its page of them.

/** Says a promise's number; `holds` is for those that no test of their own would fail. */
export function announce(promise: string, number: string, holds = true): void {
  process.stderr.write(`${promise}: ${number}\n`);
  const file = process.env.PALIMPSEST_NUMBERS;
  if (file) appendFileSync(file, `${JSON.stringify({ promise, number, holds })}\n`);
}

/** True where every promise is measured at its full size, which takes long. */
export const isFull = process.env.PALIMPSEST_FULL === '1';

const worst = new Map<string, { error: number; what: string; count: number }>();

/** Remembers the largest error of many checks. */
export function observe(key: string, error: number, what: string): void {
  const known = worst.get(key);
  if (!known) worst.set(key, { error, what, count: 1 });
  else if (error > known.error) worst.set(key, { error, what, count: known.count + 1 });
  else known.count += 1;
}

/** Announces what `observe` has seen under the keys that begin with these promises' names. */
export function announceObserved(): void {
  for (const [key, { error, what, count }] of worst) {
    const [promise = key, ...rest] = key.split(' ');
    announce(
      promise,
      `${rest.join(' ')}: ${count} checks, largest relative error ${error.toExponential(1)} (${what})`,
    );
  }
  worst.clear();
}
