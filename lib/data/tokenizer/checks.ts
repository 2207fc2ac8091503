import { OptionError } from '../../errors';

export function checkSide(where: string, name: string, side: unknown): void {
  if (side === 'left' || side === 'right') return;
  throw new OptionError(`${where}: ${name} must be 'left' or 'right', got ${String(side)}`);
}

export function checkLength(where: string, name: string, length: number): void {
  if (Number.isSafeInteger(length) && length > 0) return;
  throw new OptionError(`${where}: ${name} must be a positive integer, got ${String(length)}`);
}
