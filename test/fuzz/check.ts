import { evaluate } from '../../lib/graph/evaluate';
import { formatShape, sameShape } from '../../lib/graph/shape';
import type { NdArray } from '../support/array';
import { arrayOf } from '../support/tensors';
import { derivativeQuestion } from './derivatives';
import { build, dtypesOf, floatResultsOf, interpret, leafTensors, resultsOf, type Graph } from './graph';
import { mappedQuestion } from './mapped';
import { valueJudge } from './values';
import { questionOfAll, SOUND, type Question, type Verdict } from './verdict';

/** Builds the graph, its batch and its derivatives; nothing is computed. */
export function questionOf(graph: Graph): Question {
  const results = resultsOf(graph);
  const leaves = leafTensors(graph);
  const values = build(graph, leaves);
  const expected = interpret(graph);
  values.forEach(({ shape, dtype }, i) => {
    if (sameShape(shape, expected[i]!.shape) && dtype === dtypesOf(graph)[i]) return;
    throw new Error(`v${i} is ${dtype} ${formatShape(shape)}, expected ${formatShape(expected[i]!.shape)}`);
  });
  const judge = valueJudge(graph, results, expected);
  const parts: Question[] = [{ tensors: results.map((i) => values[i]!), judge: (answers) => judge(answers) }];
  if (graph.way === 'mapped') parts.push(mappedQuestion(graph, leaves, results, judge));
  const floats = floatResultsOf(graph);
  if (graph.order > 0 && floats.length > 0) parts.push(derivativeQuestion(graph, leaves, floats));
  return questionOfAll(parts);
}

/** What the engine answers to several questions at once. */
export async function answersOf(questions: readonly Question[]): Promise<readonly (readonly NdArray[])[]> {
  await evaluate(questions.map(({ tensors }) => tensors));
  return Promise.all(questions.map(({ tensors }) => Promise.all(tensors.map(arrayOf))));
}

/** Builds, computes and judges one graph; an error is a fault. */
export async function verdictOf(graph: Graph): Promise<Verdict> {
  try {
    const question = questionOf(graph);
    const [answers = []] = await answersOf([question]);
    return question.judge(answers);
  } catch (error) {
    return { ...SOUND, fault: error instanceof Error ? error.message : String(error) };
  }
}
