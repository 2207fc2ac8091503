import type { DemoResult, MethodResult } from './result';

/**
 * The numbers of a run as one line of JSON, for programs:
 * `{"requests":[{"name","methods":[{"name","forgetAccuracy","retainAccuracy","testAccuracy","mia","seconds",
 * "weightsChanged"}]}],"importanceSeconds"}`; the rows of the backdoor request carry `triggeredAccuracy` too.
 */
export function toJsonLine(result: DemoResult): string {
  const requests = result.requests.map(({ name, methods }) => ({ name, methods: methods.map(numbersOf) }));
  return JSON.stringify({ requests, importanceSeconds: result.importanceSeconds });
}

function numbersOf(method: MethodResult): Omit<MethodResult, 'options'> {
  const {
    name,
    forgetAccuracy,
    retainAccuracy,
    testAccuracy,
    mia,
    seconds,
    weightsChanged,
    triggeredAccuracy,
  } = method;
  const numbers = { name, forgetAccuracy, retainAccuracy, testAccuracy, mia, seconds, weightsChanged };
  return triggeredAccuracy === undefined ? numbers : { ...numbers, triggeredAccuracy };
}
