import { escapeText, markup, trusted } from '../../lib/report/markup';

describe('markup', () => {
  it('escapes values and leaves markup alone', () => {
    const inner = markup`<b>${'a < b & "c"'}</b>`;
    expect(markup`<p title="${`'"><script>`}">${inner}</p>`.text).toBe(
      '<p title="&#39;&quot;&gt;&lt;script&gt;"><b>a &lt; b &amp; &quot;c&quot;</b></p>',
    );
  });

  it('leaves out what is missing, and joins lists', () => {
    expect(markup`[${undefined}${false}${0}${['a', ['<', 2], undefined]}]`.text).toBe('[0a&lt;2]');
  });

  it('refuses what merely looks like markup', () => {
    const disguised = { text: '<script>' } as unknown as string;
    expect(() => markup`${disguised}`).toThrow(TypeError);
    expect(markup`${trusted('<hr/>')}`.text).toBe('<hr/>');
  });

  it('replaces characters that no document may hold', () => {
    expect(escapeText('a\0b\u{1b}c\u{d800}d\u{ffff}e\tf\u{1f642}')).toBe('a�b�c�d�e\tf\u{1f642}');
  });
});
