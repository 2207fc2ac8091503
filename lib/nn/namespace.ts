// What is `nn` outside: layers by the names of the operations that they are made of.

export { mixtureOfExperts } from './experts/mixtureOfExperts';
export * from './layers';
export * from './transformer';
export * from './unet';
