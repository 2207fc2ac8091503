/** Text that is markup already. Only `markup` and `trusted` make it; everything else is escaped. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What may stand in a template: nothing, text, markup, or a list of such. */
export type Content = Markup | string | number | undefined | false | readonly Content[];

/**
 * Template tag for HTML and SVG that escapes by default: values are text unless they are markup themselves.
 * Attribute values must stand in double quotes, which no value can leave.
 *
 * @example
 * markup`<p title="${'"so"'}">${'<script>'}</p>`.text; // <p title="&quot;so&quot;">&lt;script&gt;</p>
 */
export function markup(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  let text = strings[0] ?? '';
  values.forEach((value, i) => {
    text += render(value) + (strings[i + 1] ?? '');
  });
  return new Markup(text);
}

/** Marks text as markup without escaping it: for constants of this package, never for data. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

function render(value: Content): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(render).join('');
  return escapeText(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Escapes for text and quoted attributes; what no document may hold (control characters, half pairs) goes.
 */
export function escapeText(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\u{FFFD}')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
