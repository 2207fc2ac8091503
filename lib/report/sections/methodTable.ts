import { count, percent, seconds } from '../format';
import { markup, type Markup } from '../markup';
import { methodTitle } from '../methodTitles';
import type { DemoRequest, MethodResult } from '../result';

type Measure = 'forgetAccuracy' | 'retainAccuracy' | 'testAccuracy' | 'triggeredAccuracy' | 'mia';

const MEASURES: readonly { readonly key: Measure; readonly title: string; readonly tone: string }[] = [
  { key: 'forgetAccuracy', title: 'Forget accuracy', tone: 'forget' },
  { key: 'triggeredAccuracy', title: 'Triggered accuracy', tone: 'triggered' },
  { key: 'retainAccuracy', title: 'Retain accuracy', tone: 'retain' },
  { key: 'testAccuracy', title: 'Test accuracy', tone: 'test' },
  { key: 'mia', title: 'Called members', tone: 'mia' },
];

/** All methods of one request: each share as a number and a bar, with a tick where retraining lies. */
export function methodTable({ title, methods }: DemoRequest): Markup {
  const reference = methods.find(({ name }) => name === 'retrain');
  const measures = MEASURES.filter(({ key }) => methods.some((method) => method[key] !== undefined));
  const heads = measures.map((measure) => markup`<th scope="col">${measure.title}</th>`);
  const rows = methods.map((method) => {
    const changed = method.weightsChanged === 0 ? '–' : count(method.weightsChanged);
    const cells = measures.map(({ key, tone }) => shareCell(tone, method[key], reference?.[key]));
    return markup`<tr class="${rowClass(method)}"><th scope="row">${methodTitle(method.name)}</th>${cells}
<td>${seconds(method.seconds)}</td><td>${changed}</td></tr>`;
  });
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="Methods: ${title}">
<table class="methods">
<caption>Every method on this request. The tick in each bar is where retraining lies.</caption>
<thead><tr><th scope="col">Method</th>${heads}
<th scope="col">Time</th><th scope="col">Weights changed</th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function rowClass({ name }: MethodResult): string {
  if (name === 'ssd') return 'chosen';
  return name === 'retrain' ? 'reference' : 'plain';
}

function shareCell(tone: string, share: number | undefined, reference: number | undefined): Markup {
  if (share === undefined || !Number.isFinite(share)) return markup`<td>–</td>`;
  const tick =
    reference !== undefined &&
    Number.isFinite(reference) &&
    markup`<span class="tick-mark" style="left:${width(reference)}"></span>`;
  const bar = markup`<span style="width:${width(share)}"></span>`;
  return markup`<td>${percent(share)}
<span class="meter ${tone}" aria-hidden="true">${bar}${tick}</span></td>`;
}

const width = (share: number): string => `${(Math.min(1, Math.max(0, share)) * 100).toFixed(1)}%`;
