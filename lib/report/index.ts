export { toJsonLine } from './json';
export { renderReport } from './page';
export { resultTable } from './resultTable';
export { renderTable, type Column, type TableOptions } from './table';
export type {
  DemoEnvironment,
  DemoExample,
  DemoModel,
  DemoRequest,
  DemoResult,
  LedgerRow,
  MethodName,
  MethodResult,
  Plain,
  PlainObject,
  RequestName,
  SweepPoint,
} from './result';
