export { argsort, sort, type SortOptions } from './sort';
export {
  bincount,
  histogramCounts,
  type BincountOptions,
  type HistogramCounts,
  type HistogramOptions,
} from './counting';
export { kthValue, topk, type KthValueOptions, type Picked, type TopkOptions } from './topk';
export { median, quantile, type Interpolation, type QuantileOptions } from './quantile';
export { searchSorted, type SearchSortedOptions } from './searchSorted';
export { unique, type Unique } from './unique';
