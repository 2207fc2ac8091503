import { percent, significant } from '../../lib/report/format';
import type { Comparison } from './judge';

interface Column {
  readonly head: string;
  readonly width: number;
  readonly text: (row: Comparison) => string;
}

const optional = (value: number | null | undefined, text: (value: number) => string): string =>
  value === null || value === undefined ? '' : text(value);

const COLUMNS: readonly Column[] = [
  { head: 'name', width: 58, text: ({ name }) => name },
  { head: 'ours s', width: 10, text: ({ ours_s }) => significant(ours_s) },
  { head: 'min s', width: 10, text: ({ ours_min_s }) => significant(ours_min_s) },
  { head: 'peer s', width: 10, text: ({ peer_s }) => optional(peer_s, significant) },
  { head: 'ratio', width: 7, text: ({ ratio }) => optional(ratio, (value) => value.toFixed(2)) },
  { head: 'of limit', width: 9, text: ({ of_limit }) => optional(of_limit, percent) },
  { head: 'MB', width: 6, text: ({ peak_mb }) => peak_mb.toFixed(0) },
  {
    head: 'peer MB',
    width: 8,
    text: ({ peer_peak_mb }) => optional(peer_peak_mb, (value) => value.toFixed(0)),
  },
  {
    head: 'error',
    width: 9,
    text: ({ relative_error }) => optional(relative_error, (e) => e.toExponential(1)),
  },
];

const line = (cells: readonly string[]): string =>
  cells
    .map((cell, i) => (i === 0 ? cell.padEnd(COLUMNS[0]?.width ?? 0) : cell.padStart(COLUMNS[i]?.width ?? 0)))
    .join(' ');

/** What a row must reach, in short. */
export function targetText({ target }: Comparison): string {
  const parts = [
    target.ratio === undefined ? [] : [`ratio ${target.ratio.toFixed(2)}`],
    Object.entries(target.against ?? {}).map(([name, least]) => `${least.toFixed(2)} to ${name}`),
    target.limit === undefined ? [] : [`${percent(target.limit)} of limit`],
    target.seconds === undefined ? [] : [`${significant(target.seconds)} s`],
    target.memory === undefined ? [] : [target.memory === 'peers' ? "peers' memory" : 'memory'],
    Object.entries(target.counts ?? {}).map(([name, most]) => `${name} ${most}`),
  ];
  return parts.flat().join(', ');
}

const verdict = (row: Comparison): string => {
  const wanted = targetText(row);
  if (wanted === '') return '';
  return row.missed.length === 0 ? `reached (${wanted})` : `MISSED: ${row.missed.join('; ')}`;
};

/** Comparisons as lines of text, with what each is measured against, and everybody's times below. */
export function tableOf(rows: readonly Comparison[], { heading = true } = {}): string {
  const lines = rows.flatMap((row) => [
    `${line(COLUMNS.map(({ text }) => text(row)))}  ${verdict(row)}`,
    ...row.peers.map(
      ({ name, seconds, first_s, peak_mb }) =>
        `    ${name}: ${significant(seconds)} s, first ${significant(first_s)} s, ${peak_mb.toFixed(0)} MB`,
    ),
    ...row.refused.map((why) => `    not compared with ${why.replaceAll('\n', ' ')}`),
    ...Object.entries(row.counts ?? {}).map(([name, count]) => `    ${name} ${significant(count)}`),
  ]);
  return [...(heading ? [line(COLUMNS.map(({ head }) => head))] : []), ...lines].join('\n');
}
