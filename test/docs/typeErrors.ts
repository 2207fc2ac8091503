import { join, resolve } from 'node:path';

import ts from 'typescript';

import { MODULES, nameOf, ROOT, type Snippet } from './snippets';

/** What the compiler says of all programs together, by the name of the snippet. */
export function typeErrors(snippets: readonly Snippet[]): readonly string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.convertCompilerOptionsFromJson(
    {
      ...config.compilerOptions,
      noUnusedLocals: false,
      noEmit: true,
      module: 'esnext',
      moduleResolution: 'bundler',
      // Wherever packages are installed: here or in a folder above.
      typeRoots: [resolve(require.resolve('@types/node/package.json'), '../..')],
      paths: Object.fromEntries(Object.entries(MODULES).map(([name, path]) => [name, [path]])),
    },
    ROOT,
  );
  const sources = new Map(
    snippets.map((snippet) => [
      join(ROOT, `${nameOf(snippet).replace(/[:.]/g, '-')}.ts`),
      `${snippet.program}\nexport {};`,
    ]),
  );
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (path) => sources.has(path) || disk.fileExists(path),
    readFile: (path) => sources.get(path) ?? disk.readFile(path),
    getSourceFile: (path, ...rest) => {
      const text = sources.get(path);
      return text === undefined
        ? disk.getSourceFile(path, ...rest)
        : ts.createSourceFile(path, text, ts.ScriptTarget.ES2022);
    },
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return [...sources.keys()].flatMap((path) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(path))
      .map(({ messageText }) => `${path}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`),
  );
}
