import { optionText } from '../format';
import { markup, type Markup } from '../markup';
import { methodTitle } from '../methodTitles';
import type { DemoEnvironment, DemoRequest, DemoResult } from '../result';
import { factList } from './factList';

/** How these numbers came about: options and versions, enough to run it again. */
export function footer({ environment, model, quick, requests, seed }: DemoResult): Markup {
  const facts = factList([
    ['Run', `seed ${seed}, ${quick ? 'quick' : 'full'}`],
    ['Engine', engineText(environment)],
    ['Node', environment.node],
    ['Model', optionText(model.config)],
  ]);
  return markup`<footer>${facts}
<details><summary>Options of every method</summary>${requests.map(optionsOf)}</details>
<p>The same seed gives the same weights, bit for bit, with any number of threads. This page loads nothing and
runs no script.</p></footer>`;
}

function engineText({ palimpsest, isa, threads }: DemoEnvironment): string {
  const version = palimpsest === undefined ? 'palimpsest' : `palimpsest ${palimpsest}`;
  return [version, isa, threads === 1 ? '1 thread' : `${threads} threads`]
    .filter((part) => part !== undefined)
    .join(', ');
}

function optionsOf({ title, methods }: DemoRequest): Markup {
  const used = methods.filter(({ options }) => Object.keys(options).length > 0);
  const facts = used.map(({ name, options }) => [methodTitle(name), optionText(options)] as const);
  return markup`<h4>${title}</h4>${factList(facts)}`;
}
