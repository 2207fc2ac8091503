export * from './classifiers';
export { type Method, type MethodInfo, type Need } from './method/method';
export { methodNamed, unlearningMethods, type MethodEntry } from './registry';
export { type Unlearned } from './unlearned';
