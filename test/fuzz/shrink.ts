import { verdictOf } from './check';
import { graphOf, type Vocabulary } from './generate';
import { describe as described, firstResults, resultsOf, type Application, type Graph } from './graph';

/** What is at fault in a graph of this seed, and the smallest part of it that shows it. */
export async function shortest(seed: number, vocabulary: Vocabulary, fault: string): Promise<string> {
  const whole = graphOf(seed, vocabulary);
  for (let ops = 1; ops <= whole.applications.length; ops++) {
    const beginning = graphOf(seed, vocabulary, ops);
    for (const graph of [...partsOf(beginning), beginning]) {
      const verdict = await verdictOf(graph);
      if (verdict.fault !== undefined) return `${verdict.fault}\n${described(graph)}`;
    }
  }
  return `${fault}\n${described(whole)}\n(only in company with others)`;
}

/** For every result the graph of what it is made from, the smallest first. */
const partsOf = (graph: Graph): Graph[] =>
  resultsOf(graph)
    .map((value) => partFor(graph, value))
    .sort((a, b) => a.applications.length - b.applications.length);

/** The leaves and applications that a value is made from, numbered anew. */
function partFor(graph: Graph, value: number): Graph {
  const { leaves, applications } = graph;
  const starts = firstResults(graph);
  const needed = new Set([value]);
  const kept: Application[] = [];
  for (const [i, application] of [...applications.entries()].reverse()) {
    if (!application.dtypes.some((_, k) => needed.has(starts[i]! + k))) continue;
    kept.unshift(application);
    application.inputs.forEach((input) => needed.add(input));
  }
  const places = new Map<number, number>();
  const place = (old: number): void => void places.set(old, places.size);
  [...leaves.keys()].filter((leaf) => needed.has(leaf)).forEach(place);
  applications.forEach((application, i) => {
    if (kept.includes(application)) application.dtypes.forEach((_, k) => place(starts[i]! + k));
  });
  return {
    ...graph,
    leaves: leaves.filter((_, leaf) => needed.has(leaf)),
    applications: kept.map((application) => ({
      ...application,
      inputs: application.inputs.map((input) => places.get(input)!),
    })),
  };
}
