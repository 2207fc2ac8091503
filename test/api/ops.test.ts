import { join } from 'node:path';
import ts from 'typescript';
import * as palimpsest from '../../lib/index';

/**
 * What an engine of tensors is expected to have, by the name under which one would look for it elsewhere: the name here,
 * and the options that must be there with it. Where a way of doing it is an option or another function, that is named.
 */
const EXPECTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  arithmetic: {
    ...named('add sub mul div neg floorDiv remainder maximum minimum square reciprocal lerp fmod'),
    ...named('equal notEqual less lessEqual greater greaterEqual'),
    ...named('logicalAnd logicalOr logicalNot logicalXor where isNaN isInf isFinite'),
  },
  functions: {
    ...named(
      'exp exp2 log log2 log10 log1p expm1 sqrt cbrt rsqrt pow tanh sigmoid logSigmoid erf erfc erfinv',
    ),
    ...named('silu relu leakyRelu elu sin cos tan asin acos atan atan2 sinh cosh asinh acosh atanh'),
    ...named('clip abs sign floor ceil round trunc'),
    'gelu, both forms': 'gelu approximate',
    softplus: 'softplus beta threshold',
  },
  reductions: {
    ...named('sum mean std max min prod all any argmax argmin norm countNonzero logSumExp median'),
    var: 'variance correction',
    ...named('cumsum cumprod cummax cummin logCumSumExp'),
    topk: 'topk axis largest',
    sort: 'sort axis descending',
    argsort: 'argsort',
    ...named('quantile unique kthValue bincount'),
    histogram: 'histogramCounts bins range weights density',
    searchsorted: 'searchSorted side',
  },
  shapes: {
    ...named(
      'reshape transpose concat stack unstack split slice flip tile repeat roll broadcastTo triu tril',
    ),
    ...named('diag diagonal diagEmbed trace squeeze expandDims swapAxes moveAxis flatten meshgrid'),
    ...named('full zeros ones zerosLike onesLike eye arange linspace cast stopGradient'),
    pad: 'pad mode value',
    'strided slice': 'slice steps',
  },
  indexing: {
    gather: 'takeAlong axis',
    ...named('take at setAt addAt gatherNd scatterNd nonzero maskedFill maskedSelect compress takeAlong'),
    'scatter-add': 'scatterAdd axis',
    'scatter-set': 'scatterSet axis',
    'scatter-max': 'scatterMax axis',
    'scatter-min': 'scatterMin axis',
    embedding: 'embedding',
    'one-hot': 'oneHot axis dtype',
    'boolean mask': 'booleanMask',
  },
  products: {
    ...named('matmul linear outer kron inner vdot tensordot'),
    'einsum, with the order of contractions': 'einsum path',
  },
  networks: {
    'convolution 1-d': 'conv1d stride padding dilation groups bias',
    'convolution 2-d': 'conv2d stride padding dilation groups bias',
    'transposed convolution 1-d': 'convTranspose1d stride padding outputPadding dilation groups bias',
    'transposed convolution 2-d': 'convTranspose2d stride padding outputPadding dilation groups bias',
    'max pooling': 'maxPool2d stride padding ceilMode',
    'average pooling': 'avgPool2d stride padding ceilMode countIncludePad',
    'adaptive pooling': 'adaptiveAvgPool',
    ...named('maxPool1d avgPool1d adaptiveMaxPool globalAvgPool globalMaxPool unfold fold'),
    'nearest and bilinear resize': 'resize mode alignCorners size scale',
    'grid sample': 'gridSample mode padding alignCorners',
    ...named('pixelShuffle pixelUnshuffle softmax logSoftmax'),
    'cross-entropy': 'softmaxCrossEntropy ignoreIndex labelSmoothing reduction',
    'KL divergence': 'klDivergence logTargets',
    ...named('nllLoss binaryCrossEntropy binaryCrossEntropyWithLogits mseLoss l1Loss huberLoss smoothL1Loss'),
    cosineSimilarity: 'cosineSimilarity',
    'layer norm': 'layerNorm eps',
    'RMS norm': 'rmsNorm eps',
    'group norm': 'groupNorm groups eps',
    'instance norm': 'instanceNorm eps',
    'batch norm, training': 'batchNorm eps',
    'batch norm, evaluation': 'batchNormFrozen eps',
    'running statistics': 'runningStatistics momentum',
    'scaled dot-product attention': 'attention causal mask bias scale headScale kPrefix vPrefix',
    'attention patterns': 'attentionWithPattern',
    'rotary embedding': 'rotary layout positions',
    dropout: 'dropout rate',
  },
  'Fourier transforms': named(
    'fft ifft rfft irfft fft2 ifft2 rfft2 irfft2 fftshift ifftshift fftfreq rfftfreq',
  ),
  'random numbers': {
    ...named('key splitKey foldKey bernoulli categorical gumbel permutation exponential laplace rademacher'),
    normal: 'normal mean deviation dtype',
    uniform: 'uniform low high dtype',
    'truncated normal': 'truncatedNormal low high mean deviation',
    choice: 'choice replace weights axis',
    randint: 'randomInteger low high',
  },
  'linear algebra': {
    ...named('cholesky choleskySolve eigh eigvalsh inverse slogdet det matrixExponential lu solve svdvals'),
    ...named('solveSpd matrixPower matrixRank matrixNorm cond sqrtSpd inverseSqrtSpd solveLyapunov'),
    'triangular solve': 'triangularSolve lower transposed unitDiagonal',
    'SPD solves with a kept factor': 'factorSpd',
    'LU solves with a kept factor': 'factorLu',
    'SVD, full and thin': 'svd full',
    'randomised SVD': 'randomizedSvd rank oversampling powerIterations key',
    QR: 'qr mode',
    lstsq: 'lstsq rtol',
    pinv: 'pinv rtol hermitian',
    CG: 'cg tolerance maxIterations',
    ...named('minres lsmr lanczos powerIteration'),
    'Hutchinson traces': 'hutchinsonTrace key samples',
    'Hutchinson diagonals': 'hutchinsonDiagonal key samples',
    'Hutch++': 'hutchPlusPlus key samples',
    XTrace: 'xTrace key samples',
    Hungarian: 'assignment',
    'capped-simplex projection': 'projectCappedSimplex',
    'elastic net': 'elasticNet',
  },
};

/** Functions under the name that everybody uses. */
function named(names: string): Record<string, string> {
  return Object.fromEntries(names.split(' ').map((name) => [name, name]));
}

const SOURCE = join(__dirname, '../../lib/index.ts');

/** The exported functions with their doc comments and the names of their options. */
function surface(): ReadonlyMap<string, { readonly comment: string; readonly options: ReadonlySet<string> }> {
  const { config } = ts.readConfigFile(join(__dirname, '../../tsconfig.json'), (path) =>
    ts.sys.readFile(path),
  ) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, join(__dirname, '../..'));
  const program = ts.createProgram([SOURCE], { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(SOURCE)!)!;
  const resolved = (symbol: ts.Symbol): ts.Symbol =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return new Map(
    checker.getExportsOfModule(module).map((exported) => {
      const symbol = resolved(exported);
      const comment = ts.displayPartsToString(symbol.getDocumentationComment(checker));
      const parameters = symbol.declarations?.[0]
        ? checker.getTypeOfSymbolAtLocation(symbol, symbol.declarations[0]).getCallSignatures()
        : [];
      const names = parameters
        .flatMap((signature) => signature.getParameters())
        .flatMap((parameter) => checker.getTypeOfSymbol(parameter))
        .flatMap((type) => (type.isUnion() ? type.types : [type]))
        .flatMap((type) => type.getProperties().map((property) => property.name));
      return [exported.name, { comment, options: new Set(names) }];
    }),
  );
}

const known = surface();

describe.each(Object.entries(EXPECTED))('%s', (_area, entries) => {
  test.each(Object.entries(entries))('%s', (_elsewhere, entry) => {
    const [name, ...options] = entry.split(' ') as [string, ...string[]];
    expect(typeof (palimpsest as unknown as Record<string, unknown>)[name]).toBe('function');
    const { comment, options: taken } = known.get(name)!;
    expect(comment).not.toBe('');
    expect(options.filter((option) => !taken.has(option))).toEqual([]);
  });
});

test('a function that is not there is missed', () => {
  expect(known.has('notThere')).toBe(false);
  expect(known.get('sort')!.options.has('notThere')).toBe(false);
});
