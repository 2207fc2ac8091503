import { run } from './run';
import { filled, nameOf, pages, snippetsOf } from './snippets';
import { typeErrors } from './typeErrors';

const all = pages().flatMap(snippetsOf);

describe('the programs of the guide', () => {
  test.each(all.map((snippet) => [nameOf(snippet), snippet] as const))('%s', async (_name, snippet) => {
    const printed = await run(snippet);
    if (snippet.output !== undefined) expect(printed).toBe(snippet.output);
  });

  test('every page has one, and they are well typed', () => {
    expect(pages().filter((page) => snippetsOf(page).length === 0)).toEqual([]);
    expect(typeErrors(all)).toEqual([]);
  });
});

test('a page is filled with what its programs print', () => {
  const block = (kind: string, text: string): string => `\`\`\`${kind}\n${text}\n\`\`\`\n`;
  const page = (first: string): string =>
    ['one\n', block('ts', 'a'), block('text', first), 'two\n', block('ts', 'b'), block('text', 'kept')].join(
      '\n',
    );
  expect(filled(page('old'), ['$1\nnew', undefined])).toBe(page('$1\nnew'));
});
