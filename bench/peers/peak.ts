import { readFileSync } from 'node:fs';

/**
 * The most memory that this process has held, in MiB. `resourceUsage().maxRSS` will not do: on Linux it begins with what
 * the parent held when it started this process.
 */
export function peakMegabytes(): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kibibytes !== undefined) return Number(kibibytes) / 1024;
  } catch {
    // Not Linux: nothing is inherited there.
  }
  return process.resourceUsage().maxRSS / 1024;
}
