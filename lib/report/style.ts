/**
 * The style sheet of the report. Colours have roles: rubric red is what is forgotten, ink blue what is kept,
 * ochre what is chosen. Each pair of text and ground keeps a contrast of at least 4.5 : 1 in both schemes.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f7f4ee; --sheet: #fffdf9; --line: #e4ddd0; --faint: #f0ebe1;
  --ink: #23211d; --soft: #6a6459;
  --forget: #b23a26; --retain: #22607f; --chosen: #8a6410; --test: #5b7f3d; --mia: #7a5c93;
  --inverse: #fffdf9; --neutral: #b9b1a2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #15161a; --sheet: #1d1f25; --line: #34373f; --faint: #262931;
    --ink: #ece7dd; --soft: #a39d92;
    --forget: #ee7a62; --retain: #6db8dc; --chosen: #dcae4a; --test: #9cc274; --mia: #bd9fd6;
    --inverse: #15161a; --neutral: #5f636d;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
}
main, footer { max-width: 1120px; margin: 0 auto; padding: 0 20px; }
h1, h2, .brand, .number {
 
  font-family: "Iowan Old Style", "Palatino Linotype", Palatino, Georgia, "DejaVu Serif", serif;
}
h1 {
  font-size: clamp(1.9rem, 5vw, 3rem); line-height: 1.12; font-weight: 600; margin: .1em 0 .4em;
  text-wrap: balance;
}
h2 { font-size: 1.65rem; line-height: 1.2; font-weight: 600; margin: 0 0 .3em; }
h3 { font-size: 1rem; margin: 0 0 .3em; }
h4 { font-size: .875rem; margin: 0 0 .5em; color: var(--soft); font-weight: 600; }
p { margin: 0 0 .8em; }
b { font-weight: 650; }
code { font-family: ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace; font-size: .92em; }
dl, dd, figure, ul { margin: 0; padding: 0; }
ul { list-style: none; }
small { display: block; color: var(--soft); font-size: .8125rem; font-weight: 400; }
.lead { font-size: 1.0625rem; max-width: 46em; text-wrap: pretty; }
.note, .sizes { color: var(--soft); font-size: .9375rem; }
.sizes b { color: var(--ink); }

.hero { padding: 56px 0 20px; }
.brand { color: var(--forget); letter-spacing: .08em; font-size: 1.05rem; margin: 0; }
.facts dl { display: flex; flex-wrap: wrap; gap: 14px 40px; margin-top: 24px; }
dt { color: var(--soft); font-size: .8125rem; }
.facts dd { font-size: 1.125rem; font-weight: 600; font-variant-numeric: tabular-nums; }

.cards {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 18px;
  margin: 18px 0 56px;
}
.card {
  display: flex; color: inherit; text-decoration: none;
  background: var(--sheet); border: 1px solid var(--line);
  border-top: 3px solid var(--forget); border-radius: 10px; padding: 20px 22px 16px; flex-direction: column;
}
.card.random { border-top-color: var(--mia); }
.card.backdoor { border-top-color: var(--chosen); }
.card:hover { border-color: var(--soft); }
.card:focus-visible, .scroll:focus-visible, summary:focus-visible {
  outline: 3px solid var(--retain); outline-offset: 2px;
}
.card h2 { font-family: inherit; font-size: 1rem; line-height: 1.35; margin: 0; }
.number {
  font-size: 2.9rem; line-height: 1.1; font-weight: 600; color: var(--forget); margin: 12px 0 0;
  font-variant-numeric: lining-nums;
}
.random .number { color: var(--mia); }
.backdoor .number { color: var(--chosen); }
.words { flex: 1; color: var(--soft); font-size: .9375rem; margin-bottom: 14px; }
.card dl div {
  display: flex; justify-content: space-between; gap: 12px; padding: 5px 0;
  border-top: 1px solid var(--line);
}
.card dt, .card dd { font-size: .875rem; }
.card dd { font-variant-numeric: tabular-nums; text-align: right; }

.request { padding: 44px 0 28px; border-top: 1px solid var(--line); }
.scroll {
  overflow-x: auto; margin: 18px 0 30px; background: var(--sheet); border: 1px solid var(--line);
  border-radius: 10px;
}
table { border-collapse: collapse; width: 100%; font-size: .9375rem; font-variant-numeric: tabular-nums; }
caption {
  caption-side: bottom; text-align: left; padding: 9px 16px 11px; color: var(--soft); font-size: .8125rem;
  border-top: 1px solid var(--line);
}
th, td { padding: 9px 12px; text-align: right; vertical-align: top; white-space: nowrap; }
th:first-child { text-align: left; padding-left: 16px; }
td:last-child, th:last-child { padding-right: 16px; }
thead th {
  color: var(--soft); font-size: .8125rem; font-weight: 600; vertical-align: bottom; white-space: normal;
  line-height: 1.3;
}
tbody tr { border-top: 1px solid var(--line); }
tbody th { font-weight: 500; }
.methods th:first-child { position: sticky; left: 0; z-index: 1; background: var(--sheet); }
tr.chosen, .methods tr.chosen th { background: color-mix(in srgb, var(--chosen) 11%, var(--sheet)); }
tr.chosen th { font-weight: 650; }
tr.chosen th:first-child { box-shadow: inset 3px 0 0 var(--chosen); }
.meter {
  position: relative; display: block; height: 5px; min-width: 74px; margin-top: 5px; border-radius: 3px;
  background: var(--faint);
}
.meter > span:first-child { display: block; height: 100%; border-radius: 3px; background: var(--neutral); }
.meter.forget > span:first-child { background: var(--forget); }
.meter.triggered > span:first-child { background: var(--chosen); }
.meter.retain > span:first-child { background: var(--retain); }
.meter.test > span:first-child { background: var(--test); }
.meter.mia > span:first-child { background: var(--mia); }
.tick-mark {
  position: absolute; top: -3px; width: 2px; height: 11px; margin-left: -1px; background: var(--ink);
}

.pair {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 20px;
  margin-bottom: 20px;
}
figure {
  background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px 16px;
  display: flex; flex-direction: column;
}
figcaption { flex: 1; font-size: .9375rem; color: var(--soft); margin-bottom: 12px; }
figcaption b { color: var(--ink); }
.confusion .chart { max-width: 430px; margin: 0 auto; }
.chart { display: block; width: 100%; height: auto; font-family: inherit; }
.grid { stroke: var(--line); }
.axis { stroke: var(--soft); }
.tick { fill: var(--soft); font-size: 13px; font-variant-numeric: tabular-nums; }
.tick.framed { fill: var(--forget); font-weight: 700; }
.axis-label { fill: var(--soft); font-size: 13px; }
.line { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
.line.forget { stroke: var(--forget); }
.line.retain { stroke: var(--retain); stroke-dasharray: 7 4; }
.point { stroke: var(--sheet); stroke-width: 1.5; }
.point.forget { fill: var(--forget); }
.point.retain { fill: var(--retain); }
.mark { stroke: var(--chosen); stroke-width: 2; }
.mark-label { fill: var(--chosen); font-size: 14px; font-weight: 650; }
.bar.kept { fill: var(--neutral); }
.bar.selected { fill: var(--forget); }
.cell { fill: var(--faint); }
.right { fill: var(--retain); }
.wrong { fill: var(--forget); }
.cell-number { fill: var(--ink); font-size: 11.5px; font-variant-numeric: tabular-nums; }
.cell-number.light { fill: var(--inverse); }
.row-frame { fill: none; stroke: var(--forget); stroke-width: 2; }
.legend {
  display: flex; flex-wrap: wrap; gap: 4px 22px; font-size: .875rem; color: var(--soft); margin-top: 8px;
}
.legend li { display: flex; align-items: center; gap: 8px; }
.swatch { width: 14px; height: 14px; border-radius: 3px; }
.swatch.kept { background: var(--neutral); }
.swatch.selected { background: var(--forget); }

.examples, .ledger { margin-top: 30px; }
.group { margin-bottom: 18px; }
.group h4::first-letter { text-transform: uppercase; }
.group ul { display: flex; flex-wrap: wrap; gap: 10px; }
.group li {
  width: 62px; text-align: center; font-size: .875rem; font-variant-numeric: tabular-nums;
  white-space: nowrap;
}
.group img {
  display: block; box-sizing: content-box; border: 3px solid #000; border-radius: 6px;
  image-rendering: pixelated; margin-bottom: 3px;
}
.group s { color: var(--forget); text-decoration-thickness: 1.5px; }
.ledger .scroll { margin-top: 8px; }
.ledger td, .ledger th { text-align: left; white-space: normal; }
.ledger td:nth-child(2) { max-width: 30em; overflow-wrap: anywhere; }
.ledger tbody th { font-weight: 600; white-space: nowrap; }
summary { cursor: pointer; }
details { overflow-wrap: anywhere; }

.reading { padding: 44px 0; border-top: 1px solid var(--line); }
.reading dl {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 20px 40px;
  margin-top: 20px;
}
.reading dt { color: var(--ink); font-weight: 650; font-size: 1rem; }
.reading dd { color: var(--soft); font-size: .9375rem; }
footer {
  border-top: 1px solid var(--line); padding-top: 24px; padding-bottom: 48px; color: var(--soft);
  font-size: .875rem;
}
footer dl div {
  display: grid; grid-template-columns: 9em 1fr; gap: 12px; padding: 2px 0; overflow-wrap: anywhere;
}
footer details { margin: 14px 0; }
footer h4 { margin: 14px 0 4px; }

@media (max-width: 560px) {
  .hero { padding-top: 32px; }
  figure { padding: 14px 12px; }
  .facts dl { display: grid; grid-template-columns: 1fr 1fr; gap: 12px 20px; }
  .methods tbody th { max-width: 9.5em; white-space: normal; line-height: 1.3; }
  .chart .tick, .chart .axis-label { font-size: 16px; }
  .chart .cell-number { font-size: 12.5px; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media print {
  body { background: none; }
  figure, .card, .group, tr { break-inside: avoid; }
  .scroll { overflow: visible; }
}
`;
