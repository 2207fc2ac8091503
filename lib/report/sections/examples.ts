import { markup, type Markup } from '../markup';
import { greyPngUrl } from '../png';
import type { DemoExample } from '../result';

const SIDE = 28;

/** Example images with their predictions before and after, under one heading per group. */
export function exampleGroups(examples: readonly DemoExample[]): Markup | undefined {
  if (examples.length === 0) return undefined;
  const groups = [...new Set(examples.map(({ group }) => group))].map((name) => {
    const images = examples.filter(({ group }) => group === name).map(example);
    return markup`<div class="group"><h4>${name}</h4><ul>${images}</ul></div>`;
  });
  return markup`<div class="examples"><h3>Examples</h3>
<p class="note">Under each image: the prediction before and after forgetting, struck through where it is
wrong.</p>
${groups}</div>`;
}

function example({ pixels, label, before, after }: DemoExample): Markup {
  const answer = (prediction: number): Markup =>
    prediction === label ? markup`<b>${prediction}</b>` : markup`<s>${prediction}</s>`;
  const words = `A ${label}, predicted ${before} before and ${after} after`;
  const shown = SIDE * 2;
  return markup`<li><img src="${greyPngUrl(pixels, SIDE, SIDE)}" width="${shown}" height="${shown}"
alt="${words}" title="${words}"/><span aria-hidden="true">${answer(before)} → ${answer(after)}</span></li>`;
}
