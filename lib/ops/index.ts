export * from './curvature';
export * from './elementwise';
export * from './indexing';
export * from './networks';
export * from './products';
export * from './reduce';
export * from './shape';
