import { confusionChart } from '../charts/confusionChart';
import { histogramChart } from '../charts/histogramChart';
import { legend, lineChart, type Series } from '../charts/lineChart';
import { count, percent, significant } from '../format';
import { markup, type Markup } from '../markup';
import type { DemoRequest, SweepPoint } from '../result';
import { exampleGroups } from './examples';
import { ledgerView } from './ledger';
import { methodTable } from './methodTable';

/** The name under which a request is found on its page. */
export const requestId = (index: number): string => `request-${index}`;

/** Everything about one request. `id` is unique within the page. */
export function requestSection(request: DemoRequest, id: string): Markup {
  return markup`<section class="request" id="${id}" aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${request.title}</h2>
<p class="lead">${request.description}</p>
<p class="sizes"><b>${count(request.forgetSize)}</b> examples to forget,
<b>${count(request.retainSize)}</b> to keep</p>
${methodTable(request)}
<div class="pair">${sweepFigure(request, id)}${ratioFigure(request, id)}</div>
<div class="pair">${confusionFigure(request, id, 'before')}${confusionFigure(request, id, 'after')}</div>
${exampleGroups(request.examples)}
${ledgerView(request.ledger)}
</section>`;
}

function sweepFigure({ alphaSweep, chosenAlpha }: DemoRequest, id: string): Markup {
  const series = [
    sweepSeries('forget accuracy', 'forget', alphaSweep, (point) => point.forgetAccuracy),
    sweepSeries('retain accuracy', 'retain', alphaSweep, (point) => point.retainAccuracy),
  ];
  const alpha = significant(chosenAlpha);
  const description = alphaSweep
    .map(
      (p) =>
        `${significant(p.alpha)}: forget ${percent(p.forgetAccuracy)}, retain ${percent(p.retainAccuracy)}`,
    )
    .join('; ');
  const chart = lineChart(
    {
      id: `${id}-sweep`,
      title: 'Accuracy against dampening strength',
      description: `Chosen alpha ${alpha}. ${description}`,
    },
    series,
    {
      xLabel: 'dampening strength α (log scale)',
      yLabel: 'accuracy',
      mark: { x: chosenAlpha, label: `α = ${alpha}` },
    },
  );
  return markup`<figure><figcaption><b>Accuracy against dampening strength.</b>
A small α dampens many weights, a large one few. The choice was made on data that none of the reported numbers
use.</figcaption>
${chart}${legend(series)}</figure>`;
}

function sweepSeries(
  name: string,
  kind: Series['kind'],
  sweep: readonly SweepPoint[],
  share: (point: SweepPoint) => number,
): Series {
  const points = sweep.map((point) => ({
    x: point.alpha,
    y: share(point),
    note: `α ${significant(point.alpha)}: ${percent(share(point))}, ${count(point.selected)} dampened`,
  }));
  return { name, kind, points };
}

function ratioFigure({ ratioHistogram, chosenAlpha }: DemoRequest, id: string): Markup {
  const alpha = significant(chosenAlpha);
  const weights = count(sum(ratioHistogram.counts));
  const chart = histogramChart(
    {
      id: `${id}-ratio`,
      title: 'How much more a weight matters to the forget set',
      description: `Ratio of importances of ${weights} weights; those above ${alpha} are dampened.`,
    },
    ratioHistogram,
    {
      xLabel: 'importance to the forget set ÷ to all data (log scale)',
      yLabel: 'weights (log scale)',
      threshold: { log10: Math.log10(chosenAlpha), label: `α = ${alpha}` },
    },
  );
  return markup`<figure><figcaption><b>How much more each weight matters to the forget set than to all
data.</b> Weights to the right of α are dampened.</figcaption>
${chart}
<ul class="legend"><li><span class="swatch kept"></span> left alone</li>
<li><span class="swatch selected"></span> dampened</li></ul></figure>`;
}

function confusionFigure(request: DemoRequest, id: string, when: 'before' | 'after'): Markup {
  const matrix = when === 'before' ? request.confusionBefore : request.confusionAfter;
  const right = sum(matrix.map((row, i) => row[i] ?? 0));
  const total = sum(matrix.flat());
  const chart = confusionChart(
    {
      id: `${id}-confusion-${when}`,
      title: `Confusion matrix ${when} forgetting`,
      description: `${count(right)} of ${count(total)} test examples are classified correctly.`,
    },
    matrix,
    { framed: request.forgetClass },
  );
  return markup`<figure class="confusion">
<figcaption><b>Test images ${when} forgetting.</b> ${percent(right / total)} correct.</figcaption>
${chart}</figure>`;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
