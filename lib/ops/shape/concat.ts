import { DTypeError, ShapeError } from '../../errors';
import { checkKinds, checkTensorList, type Kinds } from '../../graph/call';
import { sameExampleAxis, type ExampleAxis } from '../../graph/exampleAxis';
import { movesData } from '../../graph/flops';
import { defineOp, single, type AxisUse, type Op, type Site, type ThroughUse } from '../../graph/op';
import { extent, formatShape, normalizeAxis, sameShape } from '../../graph/shape';
import { Tensor } from '../../graph/tensor';
import { mapFactors } from '../products/factorAxes';
import { expandDims } from './reshape';
import { slice } from './slice';
import { broadcastToOp } from '../reduce/sum';
import { withBatchAt } from '../batching';

interface Axis {
  readonly axis: number;
}

const concatOp = defineOp<Axis>('concat', {
  infer: (inputs, { axis }) => ({
    shape: inputs[0].shape.map((own, i) =>
      i === axis ? inputs.reduce((total, input) => total + extent(input.shape, axis), 0) : own,
    ),
    dtype: inputs[0].dtype,
  }),
  lower: { kernel: 'concat', takesHalves: true, attributes: ({ axis }) => [axis] },
  flops: movesData,
  linearity: 'linear',
  // Each input gets its own stretch of the cotangent.
  vjp: ([g], inputs, _outputs, { axis }, wanted) =>
    inputs.map((_, which) => (wanted[which] ? stretch(g, inputs, which, axis) : null)),
  batch: (use) => use.apply(withBatchAt(use, [...use.batched.keys()]), { axis: use.attributes.axis + 1 }),
  example: { axis: axisOfParts, through: partOfSite },
});

/** The elements along `axis` of y, counted with the extents of `inputs` along `own`, that input `which` has put there. */
function stretch(y: Tensor, inputs: readonly Tensor[], which: number, own: number, axis = own): Tensor {
  const before = inputs.slice(0, which).reduce((total, input) => total + extent(input.shape, own), 0);
  const skipped = Array<undefined>(axis).fill(undefined);
  const stop = before + extent(inputs[which]?.shape ?? [], own);
  return slice(y, { starts: [...skipped, before], stops: [...skipped, stop] });
}

/** All parts have the examples in one place. A constant that all examples share lines up with them row by row. */
function axisOfParts({ first, axes, inputs, attributes, mixes }: AxisUse<Axis>): ExampleAxis {
  if (first.axis === attributes.axis) return mixes('it joins along the example axis');
  inputs.forEach((input, i) => {
    const axis = axes[i];
    if (axis && !sameExampleAxis(axis, first))
      return mixes('its inputs have the examples in different places');
    // A row that is repeated for every example has its gradient taken where it is repeated.
    const isRepeated = input instanceof Tensor && input.node?.op === (broadcastToOp as unknown as Op);
    if (!axis && isRepeated) return mixes('one of its inputs has no examples');
  });
  return first;
}

function partOfSite({ which, site, inputs, attributes: { axis } }: ThroughUse<Axis>): Site | null {
  const shape = inputs[which]?.shape ?? [];
  if (site.kind === 'dense') {
    return { kind: 'dense', values: stretch(site.values, inputs, which, axis, axis + 1) };
  }
  if (site.kind !== 'product') return null;
  return mapFactors(site, shape, (factor, axes) =>
    axes.includes(axis) ? stretch(factor, inputs, which, axis, axes.indexOf(axis) + 2) : factor,
  );
}

export interface ConcatOptions {
  /** The axis along which they are joined. Default 0. */
  readonly axis?: number;
}

const CONCAT_OPTIONS: Kinds<ConcatOptions> = { axis: 'number' };

/**
 * Joins tensors end to end along an axis; their other extents agree.
 * @throws ShapeError for no tensor or when other extents differ; DTypeError for different dtypes.
 */
export function concat(tensors: readonly Tensor[], options: ConcatOptions = {}): Tensor {
  checkKinds('concat', options, CONCAT_OPTIONS);
  checkTensorList('concat', 'tensors', tensors);
  const { axis = 0 } = options;
  const [first, ...others] = tensors;
  if (!first) throw new ShapeError('concat: at least one tensor expected');
  const at = normalizeAxis('concat', axis, first.shape.length);
  const beside = (x: Tensor): number[] => x.shape.filter((_, i) => i !== at);
  for (const other of others) {
    if (other.dtype !== first.dtype) {
      throw new DTypeError(`concat: one dtype expected, got ${first.dtype} and ${other.dtype}; use cast`);
    }
    if (other.shape.length !== first.shape.length || !sameShape(beside(other), beside(first))) {
      throw new ShapeError(
        `concat: shapes may differ along axis ${at} only, got ${formatShape(first.shape)} and ${formatShape(other.shape)}`,
      );
    }
  }
  return others.length === 0 ? first : single(concatOp(tensors, { axis: at }));
}

/**
 * Joins tensors of one shape along a new axis.
 * @throws ShapeError when shapes differ; DTypeError for different dtypes.
 */
export function stack(tensors: readonly Tensor[], options: ConcatOptions = {}): Tensor {
  checkKinds('stack', options, CONCAT_OPTIONS);
  checkTensorList('stack', 'tensors', tensors);
  const { axis = 0 } = options;
  const [first] = tensors;
  if (!first) throw new ShapeError('stack: at least one tensor expected');
  const other = tensors.find((tensor) => !sameShape(tensor.shape, first.shape));
  if (other) {
    throw new ShapeError(
      `stack: one shape expected, got ${formatShape(first.shape)} and ${formatShape(other.shape)}`,
    );
  }
  const at = normalizeAxis('stack', axis, first.shape.length + 1);
  return concat(
    tensors.map((tensor) => expandDims(tensor, at)),
    { axis: at },
  );
}
