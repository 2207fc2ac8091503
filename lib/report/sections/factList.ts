import { markup, type Content, type Markup } from '../markup';

/** Names with their values, as a list of definitions. */
export function factList(facts: readonly (readonly [name: string, value: Content])[]): Markup {
  const entries = facts.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`);
  return markup`<dl>${entries}</dl>`;
}
