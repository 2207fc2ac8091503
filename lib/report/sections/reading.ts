import { markup, type Markup } from '../markup';
import { factList } from './factList';

const TERMS: readonly (readonly [string, string])[] = [
  [
    'Forget accuracy',
    'Accuracy on what is to be forgotten; each request says on which images. Lower is not better without ' +
      'end: the aim is the value of a model that never saw them, which is what retraining shows.',
  ],
  [
    'Triggered accuracy',
    'Share of test images with the backdoor’s trigger that get their true class all the same. A model that ' +
      'obeys the backdoor has almost none.',
  ],
  [
    'Retain accuracy',
    'Accuracy on what is to be kept. Higher is better: forgetting should cost little else.',
  ],
  [
    'Test accuracy',
    'Accuracy on all test images, which no method saw; those of a forgotten class count among them.',
  ],
  [
    'Called members',
    'Share of the forgotten examples that an attacker, who sees only how certain the predictions are, ' +
      'takes for training data. The aim, again, is the value of retraining.',
  ],
  [
    'Time',
    'Wall time on this machine. Selective synaptic dampening is given the stored importance of all data, ' +
      'which is computed once; its time stands at the top of this page.',
  ],
  [
    'Retraining',
    'The reference for forgetting a class or single images. It is none for the backdoor: the poisoned ' +
      'images that nobody identified stay in the data and teach it again.',
  ],
  [
    'Zeroed output row',
    'Less a method than a warning: silencing one output looks perfect in accuracies, while all that the ' +
      'network knows of the class is still in its features.',
  ],
];

/** What the words on this page mean. */
export function reading(): Markup {
  return markup`<section class="reading" aria-labelledby="reading-heading">
<h2 id="reading-heading">How to read this page</h2>
${factList(TERMS)}</section>`;
}
