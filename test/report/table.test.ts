import { renderTable, wantsColor } from '../../lib/report/table';
import { resultTable } from '../../lib/report/resultTable';
import { sampleResult } from './sampleResult';

const COLUMNS = [
  { title: 'name', text: (row: readonly string[]) => row[0]!, align: 'left' as const },
  { title: 'n', text: (row: readonly string[]) => row[1]! },
];

describe('renderTable', () => {
  it('aligns words to the left and numbers to the right', () => {
    expect(
      renderTable(
        [
          ['αβγδε', '7'],
          ['b', '1234'],
        ],
        COLUMNS,
      ),
    ).toBe(['name      n', '───────────', 'αβγδε     7', 'b      1234', ''].join('\n'));
  });

  it('is a line of titles and a rule without rows', () => {
    expect(renderTable([], COLUMNS)).toBe('name  n\n───────\n');
  });

  it('uses escape codes only when asked to, and never those of the data', () => {
    const rows = [['\u{1b}[31mred\n', '1']];
    expect(renderTable(rows, COLUMNS)).not.toContain('\u{1b}');
    expect(renderTable(rows, COLUMNS, { color: true })).not.toContain('\u{1b}[31m');
    expect(renderTable(rows, COLUMNS, { color: true, strong: () => true })).toContain('\u{1b}[1m');
  });
});

describe('a table of limited width', () => {
  const columns = [
    { title: 'name', text: (row: readonly string[]) => row[0]!, align: 'left' as const },
    { title: 'words', text: (row: readonly string[]) => row[1]!, align: 'left' as const, wrap: true },
  ];

  it('breaks cells between words where it may', () => {
    const text = renderTable([['first', 'one two three four five']], columns, { maxWidth: 20 });
    expect(text).toBe(
      ['name   words', '─'.repeat(20), 'first  one two three', '       four five', ''].join('\n'),
    );
  });

  it('cuts words that fit no line, and never becomes too narrow to read', () => {
    const text = renderTable([['first', 'x'.repeat(30)]], columns, { maxWidth: 1 });
    expect(text.split('\n').slice(2, 5)).toEqual([
      `first  ${'x'.repeat(12)}`,
      `       ${'x'.repeat(12)}`,
      `       ${'x'.repeat(6)}`,
    ]);
  });
});

describe('wantsColor', () => {
  it.each([
    [true, {}, true],
    [true, { NO_COLOR: '' }, true],
    [true, { NO_COLOR: '1' }, false],
    [true, { TERM: 'dumb' }, false],
    [false, {}, false],
  ])('on a terminal: %p, with %j: %p', (isTTY, environment, expected) => {
    expect(wantsColor({ isTTY }, environment)).toBe(expected);
  });
});

describe('resultTable', () => {
  const text = resultTable(sampleResult).replaceAll('\u{202F}', ' ');

  it('has a table per request and a row per method', () => {
    const rows = sampleResult.requests.reduce((sum, { methods }) => sum + methods.length, 0);
    // Title, heads and rule of each table, and the empty lines between them.
    expect(text.trimEnd().split('\n')).toHaveLength(rows + 3 * 3 + 2);
    expect(text).toMatch(
      /^Selective synaptic dampening +1\.3 % +96\.8 % +87\.5 % +41\.0 % +0\.61 s +41,207$/m,
    );
  });

  it('shows the triggered accuracy where there is one', () => {
    expect(text.match(/triggered/g)).toHaveLength(1);
    expect(text).toMatch(/^Selective synaptic dampening +4\.1 % +87\.1 %/m);
  });
});
