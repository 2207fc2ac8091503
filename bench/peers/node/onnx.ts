// Just enough of ONNX's format, protocol buffers, to describe one product: field numbers are those of onnx.proto.

const FLOAT = 1;
const IR_VERSION = 8;
const OPSET = 17;

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

const whole = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];
const nested = (field: number, bytes: readonly number[]): number[] => [
  ...varint(field * 8 + 2),
  ...varint(bytes.length),
  ...bytes,
];
const text = (field: number, value: string): number[] => nested(field, [...Buffer.from(value)]);

/** ValueInfoProto: a name with its TypeProto, a float tensor of that TensorShapeProto. */
function valueInfo(name: string, shape: readonly number[]): number[] {
  const dimensions = shape.flatMap((extent) => nested(1, whole(1, extent)));
  const tensorType = [...whole(1, FLOAT), ...nested(2, dimensions)];
  return [...text(1, name), ...nested(2, nested(1, tensorType))];
}

/** A ModelProto that computes c = a b. */
export function productModel(m: number, n: number, k: number): Uint8Array {
  const node = [...text(1, 'a'), ...text(1, 'b'), ...text(2, 'c'), ...text(4, 'MatMul')];
  const graph = [
    ...nested(1, node),
    ...text(2, 'product'),
    ...nested(11, valueInfo('a', [m, k])),
    ...nested(11, valueInfo('b', [k, n])),
    ...nested(12, valueInfo('c', [m, n])),
  ];
  return Uint8Array.from([...whole(1, IR_VERSION), ...nested(7, graph), ...nested(8, whole(2, OPSET))]);
}
