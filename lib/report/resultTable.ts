import { count, percent, seconds } from './format';
import { methodTitle } from './methodTitles';
import type { DemoResult, MethodResult } from './result';
import { renderTable, type Column } from './table';

/** Every method of every request, as text for a terminal. */
export function resultTable(
  result: DemoResult,
  { color = false }: { readonly color?: boolean } = {},
): string {
  return result.requests
    .map(({ title, methods }) => {
      const triggered = methods.some((method) => method.triggeredAccuracy !== undefined);
      const columns = triggered ? [...COLUMNS.slice(0, 2), TRIGGERED, ...COLUMNS.slice(2)] : COLUMNS;
      return `${title}\n${renderTable(methods, columns, { color, strong: ({ name }) => name === 'ssd' })}`;
    })
    .join('\n');
}

const share =
  (key: 'forgetAccuracy' | 'retainAccuracy' | 'testAccuracy' | 'triggeredAccuracy' | 'mia') =>
  (method: MethodResult): string =>
    percent(method[key] ?? Number.NaN);

const TRIGGERED: Column<MethodResult> = { title: 'triggered', text: share('triggeredAccuracy') };

const COLUMNS: readonly Column<MethodResult>[] = [
  { title: 'method', text: ({ name }) => methodTitle(name), align: 'left' },
  { title: 'forget', text: share('forgetAccuracy') },
  { title: 'retain', text: share('retainAccuracy') },
  { title: 'test', text: share('testAccuracy') },
  { title: 'members', text: share('mia') },
  { title: 'time', text: ({ seconds: duration }) => seconds(duration) },
  {
    title: 'weights changed',
    text: ({ weightsChanged }) => (weightsChanged === 0 ? '–' : count(weightsChanged)),
  },
];
