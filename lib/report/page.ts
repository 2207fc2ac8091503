import { markup, trusted } from './markup';
import type { DemoResult } from './result';
import { footer } from './sections/footer';
import { reading } from './sections/reading';
import { requestId, requestSection } from './sections/request';
import { summary } from './sections/summary';
import { STYLE } from './style';

/** Nothing may be loaded and nothing may run, whatever the data says. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/**
 * The report of a run as one HTML page: no script, no outside resource, light and dark, readable offline. It
 * is well-formed XML, too.
 *
 * @example
 * await writeFile('report.html', renderReport(await runDemo({ quick: true })));
 */
export function renderReport(result: DemoResult): string {
  return markup`<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta http-equiv="Content-Security-Policy" content="${POLICY}"/>
<link rel="icon" href="data:,"/>
<title>palimpsest: what the model forgot, and what it kept</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<main>
${summary(result)}
${result.requests.map((request, i) => requestSection(request, requestId(i)))}
${reading()}
</main>
${footer(result)}
</body>
</html>
`.text;
}
