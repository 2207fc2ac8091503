export { perExample, PerExampleGradients, type ExampleLosses } from './perExample';
