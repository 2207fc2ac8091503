// R23: what is asserted of a method must fail for every way of getting it wrong. An assertion is a property from the paper and not
// the formula again; the right method passes it, and so must no variant.

/** Makes results; a variant makes wrong ones. */
export type Making<T> = () => Promise<T> | T;

let failing = 0;

/** How many variants have failed what the right methods passed. */
export const failingVariants = (): number => failing;

/** The right one passes, every variant fails. */
export async function expectAllWrong<T>(
  passes: (result: T) => Promise<boolean>,
  right: Making<T>,
  variants: Readonly<Record<string, Making<T>>>,
): Promise<void> {
  expect(await passes(await right())).toBe(true);
  for (const [name, variant] of Object.entries(variants)) {
    const result = await passes(await variant());
    expect([name, result]).toEqual([name, false]);
    failing += 1;
  }
}
