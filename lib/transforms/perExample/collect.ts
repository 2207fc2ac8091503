import { ExampleAxisError } from '../../errors';
import { isFloat } from '../../graph/dtype';
import { several, type Site } from '../../graph/op';
import type { Node, Tensor } from '../../graph/tensor';
import { ones } from '../../ops/elementwise/arithmetic';
import { Cotangents, reverse } from '../pullback';
import { asProduct, materialized } from './sites';
import { unrolled } from './unrolled';
import type { Tracked } from './track';

/**
 * The sites of every parameter: one backward walk. Cotangents flow through what belongs to examples; where such a tensor
 * meets a shared one, a site is recorded and followed back through the ops between it and the parameters.
 */
export function collectSites(tracked: Tracked, parameters: readonly Tensor[]): Map<Tensor, Site[]> {
  const { losses, nodes, axes, dependent } = tracked;
  const sites = new Map<Tensor, Site[]>();
  const record = (tensor: Tensor, site: Site): void => {
    const known = sites.get(tensor);
    if (known) known.push(site);
    else sites.set(tensor, [site]);
  };
  const reached = new Set<Tensor>([...parameters, ...[...dependent].flatMap((node) => node.outputs)]);
  const cotangents = new Cotangents();
  cotangents.add(losses, ones(losses.shape, losses.dtype));
  for (const node of [...nodes].reverse()) {
    if (!dependent.has(node) || node.op.constant === true) continue;
    if (node.outputs.some((output) => axes.has(output))) {
      const arrived = cotangents.of(node);
      if (arrived) perExampleStep(node, arrived);
    } else {
      sharedStep(node);
    }
  }
  return sites;

  function perExampleStep(node: Node, arrived: readonly Tensor[]): void {
    const wanted = node.inputs.map((input) => reached.has(input) && axes.has(input) && isFloat(input.dtype));
    if (wanted.includes(true)) {
      reverse(node, arrived, wanted).forEach((cotangent, i) => {
        const input = node.inputs[i];
        if (cotangent && wanted[i] && input) cotangents.add(input, cotangent);
      });
    }
    node.inputs.forEach((input, which) => {
      if (reached.has(input) && !axes.has(input)) record(input, siteOf(node, which, arrived));
    });
  }

  function siteOf(node: Node, which: number, arrived: readonly Tensor[]): Site {
    const { op, inputs, outputs, attributes } = node;
    const outputAxis = outputs.map((output) => axes.get(output)).find((axis) => axis !== undefined);
    if (!op.example?.site || !outputAxis) {
      throw new ExampleAxisError(`${op.name}: has no rule for per-example gradients`);
    }
    return op.example.site({
      which,
      inputs: several(inputs),
      outputs: several(outputs),
      cotangents: several(arrived),
      inputAxes: several(inputs.map((input) => axes.get(input) ?? null)),
      outputAxis,
      attributes,
    });
  }

  function sharedStep(node: Node): void {
    node.outputs.forEach((output, o) => {
      for (const site of sites.get(output) ?? []) {
        node.inputs.forEach((input, which) => {
          if (reached.has(input) && isFloat(input.dtype)) record(input, through(node, o, which, site));
        });
      }
    });
  }
}

/** One step of a site towards the parameters: in factors if the op can, else dense, else example by example. */
function through(node: Node, output: number, which: number, site: Site): Site {
  const { op, inputs, outputs, attributes } = node;
  const follow = (from: Site): Site | null =>
    op.example?.through?.({
      site: from,
      which,
      inputs: several(inputs),
      outputs: several(outputs),
      attributes,
    }) ?? null;
  const direct = outputs.length === 1 ? follow(site) : null;
  if (direct) return direct;
  // Where an op knows products only, the other kinds with factors are taken as what they are: products of patches, of ones.
  const product = outputs.length === 1 && site.kind !== 'product' ? asProduct(site) : null;
  const likewise = product && follow(product);
  if (likewise) return likewise;
  const dense: Site = { kind: 'dense', values: materialized(site) };
  const followed = outputs.length === 1 && site.kind !== 'dense' ? follow(dense) : null;
  return followed ?? unrolled(node, output, which, dense.values);
}
