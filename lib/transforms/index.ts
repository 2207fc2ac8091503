export { checkpoint } from './checkpoint';
export { customJvp, customVjp, type JvpRule, type VjpRule } from './customRules';
export { grad, valueAndGrad, type Loss } from './grad';
export { hvp } from './hvp';
export { jvp } from './jvp';
export { vjp } from './vjp';
export { perExample, PerExampleGradients, type ExampleLosses, type WeightSharing } from './perExample';
