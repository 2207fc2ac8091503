import { answersOf, questionOf, verdictOf } from './check';
import { graphOf, type Vocabulary } from './generate';
import type { Graph } from './graph';
import { shortest } from './shrink';
import type { Verdict } from './verdict';

/** So many graphs are one program of the engine. */
const TOGETHER = 20;

export interface Campaign {
  readonly graphs: number;
  readonly compared: number;
  readonly skipped: number;
  /** How often each row was applied. */
  readonly uses: ReadonlyMap<string, number>;
  /** What was found first, with the shortest beginning of its graph that shows it. */
  readonly fault: string | undefined;
}

/** Graphs of so many seeds in a row; ends at the first fault. */
export async function campaign(first: number, count: number, vocabulary: Vocabulary): Promise<Campaign> {
  let [graphs, compared, skipped] = [0, 0, 0];
  const uses = new Map<string, number>();
  for (let begin = first; begin < first + count; begin += TOGETHER) {
    const seeds = Array.from({ length: Math.min(TOGETHER, first + count - begin) }, (_, i) => begin + i);
    const verdicts = await verdictsOf(seeds.map((seed) => graphOf(seed, vocabulary)));
    for (const [i, { graph, verdict }] of verdicts.entries()) {
      graphs += 1;
      compared += verdict.compared;
      skipped += verdict.skipped;
      for (const { text } of graph.applications) uses.set(text, (uses.get(text) ?? 0) + 1);
      if (verdict.fault === undefined) continue;
      const fault = await shortest(seeds[i]!, vocabulary, verdict.fault);
      return { graphs, compared, skipped, uses, fault };
    }
  }
  return { graphs, compared, skipped, uses, fault: undefined };
}

interface Judged {
  readonly graph: Graph;
  readonly verdict: Verdict;
}

/** All graphs in one evaluation; one after the other when that fails, to see which it was. */
async function verdictsOf(graphs: readonly Graph[]): Promise<readonly Judged[]> {
  try {
    const questions = graphs.map(questionOf);
    const answers = await answersOf(questions);
    return graphs.map((graph, i) => ({ graph, verdict: questions[i]!.judge(answers[i]!) }));
  } catch {
    const judged: Judged[] = [];
    for (const graph of graphs) judged.push({ graph, verdict: await verdictOf(graph) });
    return judged;
  }
}
