export { fansOf, type Fans, type WeightOptions } from './fans';
export {
  drawnFrom,
  filledWith,
  onesInitial,
  residualNormal,
  zerosInitial,
  type Initializer,
} from './initializer';
export { orthogonal, type OrthogonalOptions } from './orthogonal';
export { fanInUniform, glorotNormal, glorotUniform, heNormal, heUniform, lecunNormal } from './weights';
