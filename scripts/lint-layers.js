'use strict';
/**
 * Checks the structure of the sources:
 *   - imports in lib/ only go down the layers below;
 *   - no file imports itself through others (type-only imports do not count: they vanish);
 *   - the addon is reached through lib/native.ts only, and napi.h through native/binding only;
 *   - no file in lib/ or native/ is longer than 600 lines.
 */
const { readFileSync, readdirSync } = require('node:fs');
const { dirname, join, relative, resolve, sep } = require('node:path');
const ts = require('typescript');

const ROOT = resolve(__dirname, '..');
const MAX_LINES = 600;

/** From the top to the bottom. A file may import from its own layer and from every one below. */
const LAYERS = [
  ['cli'],
  ['index.ts'],
  ['demo'],
  ['report'],
  [
    ...[
      'unlearn',
      'edit',
      'debias',
      'erase',
      'attribute',
      'align',
      'causal',
      'interpret',
      'decode',
      'generate',
    ],
    ...['fairness', 'guard', 'attack', 'metrics', 'benchmarks'],
  ],
  ['curvature', 'edits', 'nn', 'models', 'optim', 'data', 'io', 'ledger'],
  ['transforms', 'linalg', 'random'],
  ['ops'],
  ['graph'],
  ['native.ts'],
  ['errors.ts'],
];

const faults = [];
const fault = (file, text) => faults.push(`${file}: ${text}`);

function filesBelow(folder, extensions) {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && extensions.some((extension) => entry.name.endsWith(extension)))
    .map((entry) =>
      relative(ROOT, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    )
    .sort();
}

/** The modules that a source file names, and whether they are still there when the types are gone. */
function importsOf(file) {
  const source = ts.createSourceFile(
    file,
    readFileSync(join(ROOT, file), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  const imports = [];
  const visit = (node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      const clause = ts.isImportDeclaration(node) ? node.importClause : node;
      const named = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause;
      const elements = named && (ts.isNamedImports(named) || ts.isNamedExports(named)) ? named.elements : [];
      const onlyTypes =
        clause?.isTypeOnly ||
        (elements.length > 0 && !clause?.name && elements.every((element) => element.isTypeOnly));
      imports.push({ name: node.moduleSpecifier.text, runtime: !onlyTypes });
    } else if (
      ts.isCallExpression(node) &&
      node.arguments.length === 1 &&
      ts.isStringLiteral(node.arguments[0])
    ) {
      const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword;
      const isRequire = ts.isIdentifier(node.expression) && node.expression.text === 'require';
      // A call is made late, when every module has been loaded: it counts for the layers, not for circles.
      if (isImport || isRequire) imports.push({ name: node.arguments[0].text, runtime: false });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      imports.push({ name: node.argument.literal.text, runtime: false });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return imports;
}

function resolveImport(file, name, known) {
  const base = join(dirname(file), name.replace(/\.js$/, '')).split(sep).join('/');
  return [base, `${base}.ts`, `${base}/index.ts`].find((candidate) => known.has(candidate));
}

const layerOf = (file) => LAYERS.findIndex((layer) => layer.includes(file.split('/')[1]));

function checkLibrary() {
  const files = filesBelow('lib', ['.ts']).filter((file) => !file.endsWith('.d.ts'));
  const known = new Set(files);
  const graph = new Map();
  for (const file of files) {
    const from = layerOf(file);
    if (from < 0) fault(file, 'is in no layer; add its folder to scripts/lint-layers.js');
    const targets = [];
    for (const { name, runtime } of importsOf(file)) {
      if (/^(node-gyp-build|bindings)$|\.node$/.test(name) && file !== 'lib/native.ts')
        fault(file, 'loads the addon; only lib/native.ts may');
      if (!name.startsWith('.')) continue;
      const target = resolveImport(file, name, known);
      if (!target) {
        if (name.endsWith('.json')) continue;
        fault(file, `imports ${name}, which is not in lib/`);
        continue;
      }
      const to = layerOf(target);
      if (from >= 0 && to >= 0 && to < from) fault(file, `imports ${target} from a layer above it`);
      if (runtime) targets.push(target);
    }
    graph.set(file, targets);
  }
  checkCircles(graph);
}

function checkCircles(graph) {
  const state = new Map(); // 'open' while on the path, 'done' afterwards
  const path = [];
  const visit = (file) => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      fault(file, `imports itself: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`);
      return;
    }
    state.set(file, 'open');
    path.push(file);
    for (const target of graph.get(file) ?? []) visit(target);
    path.pop();
    state.set(file, 'done');
  };
  for (const file of graph.keys()) visit(file);
}

function checkNative() {
  for (const file of filesBelow('native', ['.cpp', '.h', '.inl', '.cu'])) {
    if (file.startsWith('native/binding/')) continue;
    if (
      /^\s*#\s*include\s*[<"](napi|node_api|js_native_api)\.h[>"]/m.test(
        readFileSync(join(ROOT, file), 'utf8'),
      )
    )
      fault(file, "includes Node's headers; only native/binding may");
  }
}

function checkSizes() {
  for (const file of [
    ...filesBelow('lib', ['.ts']),
    ...filesBelow('native', ['.cpp', '.h', '.inl', '.cu', '.js']),
  ]) {
    const lines = readFileSync(join(ROOT, file), 'utf8').split('\n').length - 1;
    if (lines > MAX_LINES) fault(file, `has ${lines} lines; ${MAX_LINES} is the limit`);
  }
}

checkLibrary();
checkNative();
checkSizes();
for (const text of faults) console.error(text);
console.log(faults.length === 0 ? 'The layers hold.' : `${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
