/** The sum 2/sqrt(pi) e^(-x^2) (x + 2x^3/3 + 4x^5/15 + ...): all of one sign, so nothing cancels. */
export function erf(x: number): number {
  if (!(Math.abs(x) < 6)) return Math.sign(x);
  let term = x;
  let total = 0;
  for (let n = 1; Math.abs(term) > Math.abs(total) * 1e-18; n += 1) {
    total += term;
    term *= (2 * x * x) / (2 * n + 1);
  }
  return ((2 * total) / Math.sqrt(Math.PI)) * Math.exp(-x * x);
}
