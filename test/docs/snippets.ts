import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(__dirname, '../..');
const GUIDE = join(ROOT, 'docs', 'guide');

/** The sources behind the names that programs import from. */
export const MODULES: Readonly<Record<string, string>> = {
  palimpsest: join(ROOT, 'lib/index.ts'),
  'palimpsest/unlearn': join(ROOT, 'lib/unlearn/index.ts'),
  'palimpsest/report': join(ROOT, 'lib/report/index.ts'),
};

/** A program in a guide page, and what it prints where the page says so. */
export interface Snippet {
  readonly page: string;
  /** Where it begins, counted from 1: what a failure is found by. */
  readonly line: number;
  readonly program: string;
  readonly output: string | undefined;
}

export const nameOf = ({ page, line }: Snippet): string => `${page}:${line}`;

export const pages = (): readonly string[] =>
  readdirSync(GUIDE)
    .filter((name) => name.endsWith('.md'))
    .sort();

const BLOCK = /^```ts\n([^]*?)^```\n(?:(\n*^```text\n)([^]*?)^```$)?/gm;

export const pathOf = (page: string): string => join(GUIDE, page);

/** The programs of a page: its ```ts blocks, each with the ```text block right after it. */
export function snippetsOf(page: string): readonly Snippet[] {
  const text = readFileSync(pathOf(page), 'utf8');
  return [...text.matchAll(BLOCK)].map(([, program = '', , output], i, all) => ({
    page,
    line: text.slice(0, all[i]!.index).split('\n').length + 1,
    program,
    output: output?.trimEnd(),
  }));
}

/** The text of a page with other ```text blocks: what each of its programs printed, or undefined to keep what is there. */
export function filled(text: string, outputs: readonly (string | undefined)[]): string {
  let which = 0;
  return text.replace(BLOCK, (whole: string, program: string, opening?: string) => {
    const output = outputs[which++];
    if (opening === undefined || output === undefined) return whole;
    return `\`\`\`ts\n${program}\`\`\`\n${opening}${output}\n\`\`\``;
  });
}
