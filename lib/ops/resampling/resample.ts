import { ShapeError } from '../../errors';
import { movesData } from '../../graph/flops';
import { defineOp, single, type Op } from '../../graph/op';
import { extent, formatShape, sizeOf, type Shape } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { checkFloats } from '../floats';
import { bandsOf, transposedBands, type AxisMap } from './bands';

interface Resampling {
  readonly axis: number;
  readonly map: AxisMap;
  /** Whether this is the transposed map, from `to` cells to `from`. */
  readonly transposed: boolean;
}

/** The kernel's view: [before, cells, after]. */
const aroundAxis = ({ shape }: Spec, axis: number): Shape => [
  sizeOf(shape.slice(0, axis)),
  extent(shape, axis),
  sizeOf(shape.slice(axis + 1)),
];

/** Start and length of every band, then all weights. */
function numbers({ map, transposed }: Resampling): number[] {
  const forward = bandsOf(map);
  const bands = transposed ? transposedBands(map, forward) : forward;
  return [
    ...bands.flatMap(({ start, weights }) => [start, weights.length]),
    ...bands.flatMap(({ weights }) => weights),
  ];
}

const resampleOp: Op<Resampling> = defineOp<Resampling>('resample', {
  infer: ([x], { axis, map, transposed }) => {
    checkFloats('resample', x);
    const [own, other] = transposed ? [map.to, map.from] : [map.from, map.to];
    if (x.shape[axis] !== own) {
      throw new ShapeError(`resample: ${own} cells expected on axis ${axis} of ${formatShape(x.shape)}`);
    }
    return { shape: x.shape.map((cells, i) => (i === axis ? other : cells)), dtype: x.dtype };
  },
  lower: {
    kernel: 'resample',
    attributes: numbers,
    views: ({ axis }, [x], [y]) => ({ inputs: [aroundAxis(x, axis)], outputs: [aroundAxis(y, axis)] }),
  },
  flops: ([x], [y], { map }) =>
    map.kind === 'nearest' ? movesData() : 2 * Math.max(sizeOf(x.shape), sizeOf(y.shape)),
  linearity: 'linear',
  vjp: ([g], _inputs, _outputs, { axis, map, transposed }) => [
    single(resampleOp([g], { axis, map, transposed: !transposed })),
  ],
  example: {
    axis: ({ first, attributes: { axis }, mixes }) =>
      first.axis === axis ? mixes('it interpolates along the example axis') : first,
  },
});

/** Resamples one axis. */
export const resample = (x: Tensor, axis: number, map: AxisMap): Tensor =>
  single(resampleOp([x], { axis, map, transposed: false }));
