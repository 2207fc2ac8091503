import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { readCsv } from '../../lib/data/csv';
import { temporaryFolder } from '../io/temporaryFolder';

const path = join(temporaryFolder(), 'table.csv');
const write = (...lines: string[]): void => writeFileSync(path, `${lines.join('\n')}\n`);

describe('readCsv', () => {
  it('takes the column named label, wherever it is, and the others as features', async () => {
    write('a,label,b', '1.5,0,-2', ' 3e-1 , 2 ,"+.5"', '', '-0,1.0,7.');
    const set = await readCsv(path);
    expect([...set.features]).toEqual([1.5, -2, Math.fround(0.3), 0.5, -0, 7]);
    expect([...set.labels]).toEqual([0, 2, 1]);
    expect(set).toMatchObject({ size: 3, exampleShape: [2], classCount: 3, dtype: 'float32' });
  });

  it('takes a column by name or number, another delimiter, shape and class count', async () => {
    write('1;2;3;4;1', '5;6;7;8;0');
    const options = { header: false, delimiter: ';', classCount: 10, exampleShape: [2, 2] };
    const set = await readCsv(path, { ...options, label: -1 });
    expect([...set.features]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(set).toMatchObject({ size: 2, exampleShape: [2, 2], classCount: 10 });
    expect([...(await readCsv(path, { ...options, label: 0 })).labels]).toEqual([1, 5]);
    write('x,digit', '1,2');
    expect([...(await readCsv(path, { label: 'digit' })).labels]).toEqual([2]);
  });

  it('reads a byte order mark, Windows line ends and a last line without an end', async () => {
    writeFileSync(path, '\ufefflabel,x\r\n1,2\r\n0,3');
    expect([...(await readCsv(path)).features]).toEqual([2, 3]);
  });

  it('reads more lines than one buffer holds', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => `${i},${i % 10}`);
    write('x,label', ...rows);
    const set = await readCsv(path);
    expect(set.size).toBe(20_000);
    expect(set.features.every((value, i) => value === i)).toBe(true);
    expect(set.labels.every((value, i) => value === i % 10)).toBe(true);
  });

  it.each<[string, string[], RegExp]>([
    ['a word', ['x,label', '1,0', 'one,1'], /line 3: a float32 number expected in column 'x', got 'one'/],
    ['an empty cell', ['x,label', ',0'], /line 2: .* got ''/],
    ['NaN', ['x,label', 'NaN,0'], /got 'NaN'/],
    ['Infinity', ['x,label', 'Infinity,0'], /got 'Infinity'/],
    ['hexadecimal', ['x,label', '0x10,0'], /got '0x10'/],
    ['a number beyond float32', ['x,label', '1e39,0'], /got '1e39'/],
    ['a decimal comma', ['x;label', '1,5;0'], /1 cells expected, got 2/],
    [
      'a negative label',
      ['x,label', '1,-1'],
      /line 2: a class number \(0, 1, ...\) expected in column 'label', got '-1'/,
    ],
    ['a fractional label', ['x,label', '1,0.5'], /got '0.5'/],
    ['a label of text', ['x,label', '1,cat'], /got 'cat'/],
    ['a huge label', ['x,label', '1,4294967296'], /got '4294967296'/],
    ['a short line', ['x,y,label', '1,2,0', '1,2'], /line 3: 3 cells expected, got 2/],
    ['a long line', ['x,label', '1,0,0'], /line 2: 2 cells expected, got 3/],
    ['a missing header', ['1,0', '2,1'], /line 1: column names expected, got only numbers/],
    ['an open quote', ['x,label', '"1,0'], /csv: Quote Not Closed/],
    ['an empty file', [''], /holds no line/],
  ])('refuses %s, with the line', async (_what, lines, message) => {
    write(...lines);
    await expect(readCsv(path, lines[0]?.includes(';') ? { label: 0 } : {})).rejects.toMatchObject({
      name: 'FormatError',
      message: expect.stringMatching(message),
    });
  });

  it('counts the lines of a quoted cell', async () => {
    write('"a\nname",label', '1,0', 'x,1');
    await expect(readCsv(path)).rejects.toMatchObject({ message: expect.stringMatching(/line 4/) });
  });

  it('refuses a label column that is not there, naming the near one', async () => {
    write('x,labels', '1,0');
    await expect(readCsv(path)).rejects.toMatchObject({
      code: 'ERR_OPTION',
      message: expect.stringContaining("did you mean 'labels'?"),
    });
    await expect(readCsv(path, { label: 2 })).rejects.toMatchObject({ code: 'ERR_OPTION' });
    await expect(readCsv(path, { label: 0.5 })).rejects.toMatchObject({ code: 'ERR_OPTION' });
    await expect(readCsv(path, { header: false })).rejects.toMatchObject({ code: 'ERR_OPTION' });
    await expect(readCsv(path, { labels: 'x' } as object)).rejects.toMatchObject({
      message: expect.stringContaining("did you mean 'label'?"),
    });
  });

  it('refuses a missing file, and stops when aborted', async () => {
    await expect(readCsv(`${path}.missing`)).rejects.toMatchObject({ code: 'ERR_IO' });
    await expect(readCsv(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
  });
});
