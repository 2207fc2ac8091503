import { renderReport } from '../../lib/report/page';
import type { DemoResult } from '../../lib/report/result';
import { descendants, parseWellFormed, textOf, type Element } from '../support/wellFormed';
import { sampleResult } from './sampleResult';

const HOSTILE = `</style></title><script>alert(1)</script>"' onload="x" &amp; ]]> \0\u{d800} \${7*7}`;

/** The same result with hostile text wherever there is text. */
function hostile<T>(value: T): T {
  if (typeof value === 'string') return HOSTILE as T;
  if (Array.isArray(value)) return value.map(hostile) as T;
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.entries(value).map(([key, inner]) => {
    // Names that choose a branch must stay; all others are data.
    const isData = key !== 'name';
    return [key, isData ? hostile<unknown>(inner) : inner] as const;
  });
  return Object.fromEntries(copy) as T;
}

describe('renderReport', () => {
  const text = renderReport(sampleResult);
  const root = parseWellFormed(text);
  const all = descendants(root);
  const named = (name: string): Element[] => all.filter((element) => element.name === name);

  it('is well-formed and has a title, a language and a viewport', () => {
    expect(root.name).toBe('html');
    expect(root.attributes.get('lang')).toBe('en');
    expect(named('title')[0]?.text).toContain('palimpsest');
    expect(named('meta').map(({ attributes }) => attributes.get('name'))).toContain('viewport');
  });

  it('loads nothing and runs nothing', () => {
    expect(named('script')).toEqual([]);
    for (const { attributes, name } of all) {
      for (const [key, value] of attributes) {
        expect(key).not.toMatch(/^on/);
        if (key === 'src' || (key === 'href' && name === 'link')) expect(value).toMatch(/^data:/);
        if (key === 'href' && name === 'a') expect(value).toMatch(/^#/);
      }
    }
    expect(text.match(/https?:\/\/[^"]*/g)!.every((url) => url.startsWith('http://www.w3.org/'))).toBe(true);
    expect(named('style')[0]?.text).not.toMatch(/url\(|@import|https?:/);
  });

  it('has every promised part of every request', () => {
    const { requests } = sampleResult;
    const titles = named('svg').flatMap(({ children }) => children.filter(({ name }) => name === 'title'));
    for (const title of [
      'Accuracy against dampening strength',
      'How much more a weight matters to the forget set',
      'Confusion matrix before forgetting',
      'Confusion matrix after forgetting',
    ]) {
      expect(titles.filter((element) => element.text === title)).toHaveLength(requests.length);
    }
    const images = requests.reduce((sum, { examples }) => sum + examples.length, 0);
    expect(named('img')).toHaveLength(images);
    expect(textOf(root)).toContain('Ledger');
  });

  it('describes every picture to those who cannot see it', () => {
    for (const image of named('img'))
      expect(image.attributes.get('alt')).toMatch(/^A \d, predicted \d before/);
    for (const svg of named('svg')) {
      if (svg.attributes.get('aria-hidden') === 'true') continue;
      const ids = svg.children.map(({ attributes }) => attributes.get('id'));
      for (const id of svg.attributes.get('aria-labelledby')!.split(' ')) expect(ids).toContain(id);
      expect(svg.children.find(({ name }) => name === 'desc')!.text.length).toBeGreaterThan(10);
    }
  });

  it('gives every table heads with a scope', () => {
    expect(named('table').length).toBeGreaterThanOrEqual(6);
    for (const head of named('th')) expect(head.attributes.get('scope')).toMatch(/^(col|row)$/);
    for (const row of named('tr')) expect(row.children[0]?.name).toBe('th');
  });

  it('links every card to its section', () => {
    const ids = new Set(all.map(({ attributes }) => attributes.get('id')));
    const links = named('a').map(({ attributes }) => attributes.get('href')!.slice(1));
    expect(links).toHaveLength(sampleResult.requests.length);
    for (const link of links) expect(ids).toContain(link);
  });

  it('knows light and dark', () => {
    expect(named('style')[0]?.text).toContain('prefers-color-scheme: dark');
  });

  it('shows hostile text as text', () => {
    const tree = parseWellFormed(renderReport(hostile(sampleResult)));
    const elements = descendants(tree);
    expect(elements.filter(({ name }) => name === 'script')).toEqual([]);
    expect(elements.some(({ attributes }) => attributes.has('onload'))).toBe(false);
    expect(textOf(tree)).toContain('<script>alert(1)</script>');
  });

  it('survives a result with nothing in it', () => {
    const empty: DemoResult = {
      ...sampleResult,
      requests: sampleResult.requests.map((request) => ({
        ...request,
        methods: [],
        confusionBefore: [],
        confusionAfter: [],
        alphaSweep: [],
        chosenAlpha: Number.NaN,
        ratioHistogram: { edges: [], counts: [] },
        examples: [],
        ledger: [],
      })),
    };
    for (const result of [empty, { ...empty, requests: [] }]) {
      const page = renderReport(result);
      parseWellFormed(page);
      expect(page).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it('draws numbers that are not finite nowhere', () => {
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  });
});
