/** One element of a checked document. */
export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Element[];
  /** The text directly inside, unescaped, child elements left out. */
  text: string;
}

const NAME = /[A-Za-z_][\w:.-]*/y;
const ENTITY = /&(?:amp|lt|gt|quot|#(\d+));/y;

/**
 * A strict reader of the XML that a report may consist of: one root, every tag closed in order, attributes quoted and
 * unique, no bare `&` or `<`, only known entities, no control characters, unique ids. Throws with the place of the
 * first fault.
 */
export function parseWellFormed(text: string): Element {
  return new Reader(text).document();
}

class Reader {
  #at = 0;
  readonly #ids = new Set<string>();

  constructor(private readonly source: string) {
    const foreign = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u.exec(source);
    if (foreign) this.#fail(`character ${foreign[0].codePointAt(0)} is not allowed`, foreign.index);
  }

  document(): Element {
    this.#take('<!DOCTYPE html>');
    this.#space();
    const root = this.#element();
    this.#space();
    if (this.#at !== this.source.length) this.#fail('something follows the root');
    return root;
  }

  #element(): Element {
    this.#take('<');
    const name = this.#match(NAME, 'a tag name');
    const element: Element = { name, attributes: this.#attributes(), children: [], text: '' };
    if (this.#skip('/>')) return element;
    this.#take('>');
    while (!this.#skip('</')) {
      if (this.#skip('<!--')) this.#fail('comments are not expected');
      else if (this.source[this.#at] === '<') element.children.push(this.#element());
      else element.text += this.#character();
    }
    const closed = this.#match(NAME, 'a tag name');
    if (closed !== name) this.#fail(`</${name}> expected, got </${closed}>`);
    this.#take('>');
    return element;
  }

  #attributes(): Map<string, string> {
    const attributes = new Map<string, string>();
    while (this.#space()) {
      if (/[/>]/.test(this.source[this.#at] ?? '')) break;
      const name = this.#match(NAME, 'an attribute');
      this.#take('="');
      let value = '';
      while (!this.#skip('"')) {
        if (this.source[this.#at] === '<') this.#fail('< in an attribute');
        value += this.#character();
      }
      if (attributes.has(name)) this.#fail(`attribute ${name} repeats`);
      attributes.set(name, value);
      if (name === 'id') this.#registerId(value);
    }
    return attributes;
  }

  #registerId(id: string): void {
    if (this.#ids.has(id)) this.#fail(`id ${id} repeats`);
    this.#ids.add(id);
  }

  #character(): string {
    const character = this.source[this.#at];
    if (character === undefined) this.#fail('the document ends too early');
    if (character !== '&') {
      this.#at += 1;
      return character;
    }
    const entity = this.#match(ENTITY, 'an entity');
    const named = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"' }[entity];
    return named ?? String.fromCodePoint(Number(entity.slice(2, -1)));
  }

  #space(): boolean {
    const start = this.#at;
    while (/\s/.test(this.source[this.#at] ?? '')) this.#at += 1;
    return this.#at > start;
  }

  #skip(text: string): boolean {
    if (!this.source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #take(text: string): void {
    if (!this.#skip(text)) this.#fail(`${text} expected`);
  }

  #match(pattern: RegExp, what: string): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.source)?.[0];
    if (found === undefined) this.#fail(`${what} expected`);
    this.#at += found.length;
    return found;
  }

  #fail(reason: string, at = this.#at): never {
    const line = this.source.slice(0, at).split('\n').length;
    throw new Error(`line ${line}: ${reason}, near ${JSON.stringify(this.source.slice(at, at + 40))}`);
  }
}

/** The element and everything inside it, in the order of the document. */
export function descendants(element: Element): Element[] {
  return [element, ...element.children.flatMap(descendants)];
}

/** All text inside an element, child elements included. */
export function textOf(element: Element): string {
  return element.text + element.children.map(textOf).join(' ');
}
