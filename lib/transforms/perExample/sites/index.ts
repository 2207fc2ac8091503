export { asProduct, countOf, denseTotal, examplesOf, kindOf, materialized, mergedSite } from './sites';
export { flatRows, type SiteKind } from './kind';
