'use strict';
/** The README's table of speed, made of bench/peers.json. */

/** Rows of bench/peers.json, with what they are called in the README. */
const ROWS = [
  ['matmul NT 4096x3072x768', 'matrix product 4096 x 768 by 768 x 3072'],
  ['gradient gpt2', 'gradient, GPT-2 small (124 M parameters)'],
  ['gradient gpt-small', 'gradient, small GPT (5 M)'],
  ['gradient vit', 'gradient, vision transformer'],
  ['gradient resnet18', 'gradient, ResNet-18'],
  ['diagonal Fisher gpt2', 'exact diagonal Fisher, GPT-2 small'],
  ['diagonal Fisher mlp', 'exact diagonal Fisher, MLP'],
  ['diagonal Fisher vit', 'exact diagonal Fisher, vision transformer'],
  ['diagonal Fisher resnet18', 'exact diagonal Fisher, ResNet-18'],
  ['diagonal Fisher against gradient gpt-small, T = 128', 'the same beside one gradient of ours, small GPT'],
  ['per-example norms', 'norms of per-example gradients'],
  ['Hessian-vector product gpt-small', 'Hessian-vector product, small GPT'],
  ['SSD dampening, 124 M', 'SSD dampening, 124 M parameters'],
  ['AdamW, 124 M', 'step of AdamW, 124 M parameters'],
  ['closed-form edit of 100', 'closed-form edit (MEMIT), 100 facts'],
  ['EK-FAC corrected eigenvalues, 16 layers', 'EK-FAC eigenvalues'],
  ['LEACE fit, 100k x 768', 'LEACE, 100,000 x 768'],
];

const time = (seconds) => {
  if (seconds === null) return '';
  if (seconds >= 1) return `${seconds.toPrecision(3)} s`;
  return seconds >= 1e-3 ? `${(1e3 * seconds).toPrecision(3)} ms` : `${(1e6 * seconds).toPrecision(3)} us`;
};
const percent = (share) => (share === null ? '' : `${(100 * share).toFixed(0)} %`);
const row = (cells) => `| ${cells.join(' | ')} |`;

/** The table, and what it was measured on; undefined where none of the rows has been measured. */
function peersTable(comparisons) {
  const byName = new Map(comparisons.map((comparison) => [comparison.name, comparison]));
  const lines = ROWS.flatMap(([name, title]) => {
    const found = byName.get(name);
    if (!found) return [];
    const ratio = found.ratio === null ? '' : `${found.ratio.toFixed(2)} x`;
    const cells = [title, time(found.ours_s), time(found.peer_s), found.peer ?? '', ratio];
    return [row([...cells, percent(found.of_limit)])];
  });
  if (lines.length === 0) return undefined;
  const reached = comparisons.filter(({ missed }) => missed.length === 0).length;
  const heads = ['', 'palimpsest', 'fastest peer', 'which', 'ratio', 'of the limit'];
  return [
    [row(heads), row(['---', '---:', '---:', '---', '---:', '---:']), ...lines].join('\n'),
    `Medians of interleaved runs, two threads each, results checked against each other; \`ratio\` is the fastest peer's time over ours, ` +
      'and the limit is what the processor multiplies or the memory moves at its best in the same run. ' +
      `${reached} of the ${comparisons.length} rows measured reach their targets; ` +
      '[bench/NOTES.md](bench/NOTES.md) says what bounds the others, `npm run bench:peers` measures all of them here.',
    '![Time of the fastest peer over ours](bench/peers.svg)',
  ].join('\n\n');
}

module.exports = { peersTable, ROWS };
