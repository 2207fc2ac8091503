import { count, optionText } from '../format';
import { markup, type Markup } from '../markup';
import type { LedgerRow } from '../result';

const HEADS = ['Change', 'Options', 'Weights changed', 'SHA-256'];

/** What the ledger beside the edited model records. */
export function ledgerView(rows: readonly LedgerRow[]): Markup | undefined {
  if (rows.length === 0) return undefined;
  return markup`<div class="ledger"><h3>Ledger</h3>
<p class="note">Saved beside the edited model. Each change can be undone, bit for bit:
<code>palimpsest ledger undo</code>.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Ledger"><table>
<thead><tr>${HEADS.map((head) => markup`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows.map(ledgerRow)}</tbody></table></div></div>`;
}

function ledgerRow(row: LedgerRow): Markup {
  const { time, dataDigest } = row;
  return markup`<tr><th scope="row">${row.method}<small>entry ${row.id}</small>
${time !== undefined && markup`<small><time datetime="${time}">${time}</time></small>`}</th>
<td>${optionText(row.options)}</td>
<td>${count(row.weightsChanged)}<small>${parameterList(row.parameters)}</small></td>
<td>${digest('weights before', row.digestBefore)}${digest('weights after', row.digestAfter)}
${dataDigest !== undefined && digest('data', dataDigest)}</td></tr>`;
}

function parameterList(names: readonly string[]): Markup {
  const size = `in ${names.length} ${names.length === 1 ? 'tensor' : 'tensors'}`;
  return markup`<details><summary>${size}</summary>${names.join(', ')}</details>`;
}

/** The first digits are enough to compare by eye; the rest is in the title. */
function digest(name: string, value: string): Markup {
  return markup`<small>${name} <code title="${value}">${value.slice(0, 12)}</code></small>`;
}
