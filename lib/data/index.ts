export { type Batch, type Batches, type BatchOptions } from './batches';
export { readCsv, type CsvOptions } from './csv';
export { readIdx, type IdxArray } from './idx';
export { LabeledSet, type LabeledData } from './labeledSet';
export { loadLabeledSet, type LoadOptions } from './load';
export { loadMnist, type Mnist, type MnistOptions } from './mnist';
export { readNpy, writeNpy } from './npy';
export { readNpz, writeNpz, type ReadNpzOptions, type WriteNpzOptions } from './npz';
export type { Features, Patch } from './patch';
