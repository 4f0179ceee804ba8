/** The import law of src/README.md as data: a folder imports only what stands above it in its row. */
const law = {
  'src/core': [],
  'src/go': ['src/core'],
  'src/search': ['src/core'],
  'src/nn': ['src/core'],
  'src/methods': ['src/core', 'src/nn'],
  'src/text': ['src/core'],
  'src/tasks': ['src/core'],
  'src/rewards': ['src/core'],
  'src/proto': [],
  'src/wire': ['src/core', 'src/go', 'src/methods', 'src/proto'],
  'src/engine': ['src/core', 'src/nn'],
  'src/ranks': ['src/core', 'src/nn', 'src/methods', 'src/engine'],
  'src/store': ['src/core'],
  'src/evaluator': ['src/core', 'src/go', 'src/nn', 'src/engine'],
  'src/generator': ['src/core', 'src/nn', 'src/text', 'src/engine'],
  'src/trainer': [
    'src/core',
    'src/go',
    'src/nn',
    'src/methods',
    'src/text',
    'src/rewards',
    'src/engine',
    'src/ranks',
    'src/generator',
    'src/store',
  ],
  'src/server': ['src'],
  'clients/shared': ['src/core', 'src/go', 'src/search', 'src/wire', 'src/proto'],
  'clients/self-play': [
    'clients/shared',
    'src/core',
    'src/go',
    'src/search',
    'src/wire',
    'src/proto',
    'src/methods/branching',
  ],
  'clients/gtp-bridge': ['clients/shared', 'src/core', 'src/go', 'src/search', 'src/wire', 'src/proto'],
  'clients/cli': ['clients', 'src/core', 'src/go', 'src/search', 'src/wire', 'src/proto', 'src/server', 'src/tasks'],
};

const escape = (path) => path.replaceAll('/', '\\/');

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'pure-core',
      comment: 'packages and node: modules are forbidden in the pure folders',
      severity: 'error',
      from: { path: '^src/(core|go|search|nn|methods|tasks)/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-peer', 'npm-optional', 'core'] },
    },
    {
      name: 'grpc-at-the-edges',
      severity: 'error',
      from: { path: '^(src|clients)/', pathNot: '^(src/(server|wire|proto)|clients/shared)/' },
      to: { path: 'node_modules/(@grpc|nice-grpc)' },
    },
    ...Object.entries(law).map(([folder, allowed]) => ({
      name: `imports-of-${folder.replaceAll('/', '-')}`,
      severity: 'error',
      from: { path: `^${escape(folder)}/` },
      to: { path: '^(src|clients|bench|test)/', pathNot: `^(${[folder, ...allowed].map(escape).join('|')})/` },
    })),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
  },
};
