import { z } from 'zod';

import { FormatError } from '../../errors';
import type { Site } from '../../graph/op';
import type { Parameters } from '../../graph/parameters';
import { formatShape, sizeOf, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { readSafetensors } from '../../io/safetensors';
import { parseStrictJson } from '../../io/strictJson';
import { writeSafetensors } from '../../io/writeSafetensors';
import { PerExampleGradients } from '../../transforms';
import { zeros } from '../../ops';

// The per-example gradients of one batch as a file: their factors, a fraction of the gradients themselves.

const FORMAT = 'palimpsest per-example gradients 1';

const extent = z.int().nonnegative();
const pair = z.tuple([extent, extent]);
const siteSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('product'), shape: z.array(extent) }),
  z.strictObject({ kind: z.literal('dense') }),
  z.strictObject({ kind: z.literal('gather'), shape: z.array(extent), rows: extent }),
  z.strictObject({
    kind: z.literal('convolution'),
    shape: z.array(extent),
    kernel: pair,
    geometry: z.strictObject({
      stride: pair,
      padding: z.tuple([pair, pair]),
      dilation: pair,
      groups: z.int().positive(),
    }),
  }),
]);
const describedBy = z.strictObject({
  count: z.int().positive(),
  sites: z.record(z.string(), z.array(siteSchema)),
});
type SiteDescription = z.infer<typeof siteSchema>;

/** Which tensors a kind of site is made of. */
const TENSORS = {
  product: ['left', 'right'],
  dense: ['values'],
  gather: ['indices', 'cotangents'],
  convolution: ['images', 'cotangent'],
} as const satisfies Record<Site['kind'], readonly string[]>;

function descriptionOf(site: Site): SiteDescription {
  if (site.kind === 'dense') return { kind: 'dense' };
  const shape = [...site.shape];
  if (site.kind === 'product') return { kind: 'product', shape };
  if (site.kind === 'gather') return { kind: 'gather', shape, rows: site.rows };
  const { stride, padding, dilation, groups } = site.geometry;
  return {
    kind: 'convolution',
    shape,
    kernel: [...site.kernel],
    geometry: {
      stride: [...stride],
      padding: [[...padding[0]], [...padding[1]]],
      dilation: [...dilation],
      groups,
    },
  };
}

/** Writes the gradients of a batch, whole or not at all, with some texts beside. @throws PalimpsestError ERR_IO; AbortedError. */
export async function writeGradients(
  path: string,
  gradients: PerExampleGradients<Parameters>,
  parameters: Parameters,
  metadata: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<void> {
  const tensors: [string, Tensor][] = [['losses', gradients.losses]];
  const sites: Record<string, SiteDescription[]> = {};
  for (const [i, name] of parameters.names.entries()) {
    sites[name] = (gradients.sites[i] ?? []).map((site, k) => {
      const parts = site as unknown as Readonly<Record<string, Tensor>>;
      for (const part of TENSORS[site.kind]) tensors.push([`${name}:${k}:${part}`, parts[part] as Tensor]);
      return descriptionOf(site);
    });
  }
  const about = JSON.stringify({ count: gradients.count, sites });
  await writeSafetensors(path, tensors, { metadata: { format: FORMAT, about, ...metadata }, signal });
}

/** The texts that were written beside gradients; null where there is no such file. */
export async function gradientMetadata(path: string): Promise<ReadonlyMap<string, string> | null> {
  try {
    const { metadata } = await readSafetensors(path);
    return metadata.get('format') === FORMAT ? metadata : null;
  } catch {
    return null;
  }
}

/**
 * The gradients that a file holds, with all their statistics. Their tensors are the file's bytes.
 * @throws FormatError when it is no such file or is that of other parameters; PalimpsestError ERR_IO.
 */
export async function readGradients(
  path: string,
  parameters: Parameters,
): Promise<PerExampleGradients<Parameters>> {
  const file = await readSafetensors(path);
  const where = `'${path}'`;
  if (file.metadata.get('format') !== FORMAT) throw new FormatError(`${where} is no ${FORMAT}`);
  const result = describedBy.safeParse(parseStrictJson(file.metadata.get('about') ?? '', where));
  if (!result.success) throw new FormatError(`${where}: ${z.prettifyError(result.error)}`);
  const { count, sites } = result.data;
  const all = [...parameters].map(([name, { shape }]) => {
    const own = sites[name];
    if (!own) throw new FormatError(`${where} has no gradients of '${name}'`);
    return own.map((description, k) => {
      const parts = TENSORS[description.kind].map(
        (part) => [part, file.tensor(`${name}:${k}:${part}`)] as const,
      );
      const site = { ...description, ...Object.fromEntries(parts) } as unknown as Site;
      checkSite(`${where}: '${name}'`, site, shape, count);
      return site;
    });
  });
  const stands = parameters.map(({ shape, dtype }) => zeros(shape, dtype));
  return new PerExampleGradients(stands, count, { losses: file.tensor('losses'), sites: all });
}

/** Throws unless a site's tensors are those of so many examples and of a parameter of this shape. */
function checkSite(where: string, site: Site, shape: Shape, count: number): void {
  const size = sizeOf(shape);
  const fits = ((): boolean => {
    switch (site.kind) {
      case 'dense':
        return site.values.shape[0] === count && sizeOf(site.values.shape.slice(1)) === size;
      case 'product': {
        const [n, t, a = 0] = site.left.shape;
        const [m, u, b = 0] = site.right.shape;
        return (
          site.left.shape.length === 3 &&
          site.right.shape.length === 3 &&
          n === count &&
          m === count &&
          t === u &&
          a * b === size
        );
      }
      case 'gather': {
        const [n, t, d = 0] = site.cotangents.shape;
        const [m, u] = site.indices.shape;
        return (
          site.cotangents.shape.length === 3 &&
          site.indices.shape.length === 2 &&
          site.indices.dtype === 'int32' &&
          n === count &&
          m === count &&
          t === u &&
          site.rows * d === size
        );
      }
      case 'convolution':
        return (
          site.images.shape.length === 4 &&
          site.cotangent.shape.length === 4 &&
          site.images.shape[0] === count &&
          site.cotangent.shape[0] === count &&
          sizeOf(site.shape) === size
        );
    }
  })();
  if (!fits) {
    throw new FormatError(
      `${where}: a ${site.kind} of ${count} examples for ${formatShape(shape)} expected, got others`,
    );
  }
}
