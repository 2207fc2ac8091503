export { fanInUniform, glorotUniform, heNormal, type Fans, type WeightOptions } from './init';
