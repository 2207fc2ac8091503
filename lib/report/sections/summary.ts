import { count, percent, seconds } from '../format';
import { markup, type Markup } from '../markup';
import { factList } from './factList';
import { requestId } from './request';
import type { DemoRequest, DemoResult, MethodName, MethodResult } from '../result';

/** The first screen: what was asked, and for each request the number that decides it. */
export function summary(result: DemoResult): Markup {
  const { model, dataset, importanceSeconds, requests } = result;
  const facts: readonly (readonly [string, string])[] = [
    ['Data', dataset],
    ['Parameters', count(model.parameters)],
    ['Test accuracy before', percent(model.testAccuracy)],
    ['Importance of all data, once', seconds(importanceSeconds)],
  ];
  return markup`<header class="hero">
<p class="brand">palimpsest</p>
<h1>What the model forgot, and what it kept</h1>
<p class="lead">A classifier was trained on ${dataset} and then asked ${times(requests.length)} to forget.
Each request was answered without training, by dampening the weights that matter more to the forgotten
examples than to the rest; retraining from scratch is the reference beside it.</p>
<div class="facts">${factList(facts)}</div>
</header>
<div class="cards">${requests.map((request, i) => card(request, requestId(i)))}</div>`;
}

const times = (n: number): string =>
  n === 1 ? 'once' : n === 2 ? 'twice' : `${['', '', '', 'three', 'four', 'five'][n] ?? n} times`;

type Measure = 'forgetAccuracy' | 'retainAccuracy' | 'testAccuracy' | 'triggeredAccuracy' | 'mia';

/** What decides a request, what shows its price, and how a reader should call the two. */
const HEADLINES: Readonly<
  Record<DemoRequest['name'], { readonly key: Measure; readonly words: string; readonly price: Measure }>
> = {
  class: { key: 'forgetAccuracy', words: 'accuracy on the forgotten class', price: 'retainAccuracy' },
  random: { key: 'mia', words: 'of the forgotten images look like members', price: 'testAccuracy' },
  backdoor: {
    key: 'triggeredAccuracy',
    words: 'of triggered images classified correctly',
    price: 'testAccuracy',
  },
};

function card(request: DemoRequest, id: string): Markup {
  const find = (name: MethodName): MethodResult | undefined =>
    request.methods.find((method) => method.name === name);
  const [original, edited, retrained] = [find('original'), find('ssd'), find('retrain')];
  const { key, words, price } = HEADLINES[request.name];
  const value = (method: MethodResult | undefined, measure = key): string =>
    percent(method?.[measure] ?? Number.NaN);
  const facts: readonly (readonly [string, string])[] = [
    ['Before', value(original)],
    ['Retraining', value(retrained)],
    [
      price === 'retainAccuracy' ? 'The other classes' : 'Test accuracy',
      `${value(original, price)} → ${value(edited, price)}`,
    ],
    ['Time', `${duration(edited)} (retraining ${duration(retrained)})`],
  ];
  return markup`<a class="card ${request.name}" href="#${id}">
<h2>${request.title}</h2>
<p class="number">${value(edited)}</p>
<p class="words">${words}</p>
${factList(facts)}</a>`;
}

const duration = (method: MethodResult | undefined): string => seconds(method?.seconds ?? Number.NaN);
