export { asProduct, countOf, denseTotal, examplesOf, kindOf, materialized, mergedSite } from './sites';
export { tiedSites, tiedSquaredNorms, tiedSumSquares, type TiedSites } from './tied';
export { flatRows, type SiteKind } from './kind';
