import { parseWellFormed, textOf } from './wellFormed';

const page = (body: string): string => `<!DOCTYPE html>\n<html>${body}</html>\n`;

describe('parseWellFormed', () => {
  it('reads elements, attributes, text and entities', () => {
    const root = parseWellFormed(page('<p id="a" class="b &quot;c&quot;">x &lt; &#65;<br/></p>'));
    const [paragraph] = root.children;
    expect(paragraph?.attributes.get('class')).toBe('b "c"');
    expect(textOf(root).trim()).toBe('x < A');
    expect(paragraph?.children.map(({ name }) => name)).toEqual(['br']);
  });

  it.each([
    ['<p>', '</p> expected, got </html>'],
    ['<p></b></p>', '</p> expected, got </b>'],
    ['<p class=b></p>', '=" expected'],
    ['<p a="1" a="2"></p>', 'attribute a repeats'],
    ['<p id="x"/><p id="x"/>', 'id x repeats'],
    ['a & b', 'an entity expected'],
    ['&nbsp;', 'an entity expected'],
    ['1 < 2', 'a tag name expected'],
    ['\u{1}', 'character 1 is not allowed'],
    ['<p a="<"/>', '< in an attribute'],
  ])('refuses %p', (body, reason) => {
    expect(() => parseWellFormed(page(body))).toThrow(reason);
  });

  it('refuses what is cut off or goes on', () => {
    expect(() => parseWellFormed('<!DOCTYPE html><html>')).toThrow('ends too early');
    expect(() => parseWellFormed(page('') + '<p/>')).toThrow('something follows');
  });
});
