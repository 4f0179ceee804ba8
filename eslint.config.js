import jsdoc from 'eslint-plugin-jsdoc';
import tseslint from 'typescript-eslint';

/** What a browser has and Node has not; the short ones are easily taken for a variable that is missing. */
const browserNames = [
  'Element',
  'HTMLElement',
  'Image',
  'Node',
  'XMLHttpRequest',
  'alert',
  'blur',
  'close',
  'confirm',
  'document',
  'event',
  'external',
  'find',
  'focus',
  'frames',
  'getComputedStyle',
  'history',
  'length',
  'localStorage',
  'location',
  'name',
  'open',
  'opener',
  'origin',
  'parent',
  'print',
  'prompt',
  'requestAnimationFrame',
  'screen',
  'scroll',
  'self',
  'sessionStorage',
  'status',
  'stop',
  'top',
  'window',
];

/**
 * Exported functions that take numbers, or have functions in them that do: the signature does not say units, ranges and shapes.
 * Other functions have a comment where it says more than their names do.
 */
const numeric = [
  'TSNumberKeyword',
  'TSTypeReference[typeName.name=/^(Float|Int|Uint|BigInt|BigUint).*Array$/]',
  'TSTypeOperator > TSArrayType > TSNumberKeyword',
].map((type) => `FunctionDeclaration:has(.params > TSTypeAnnotation > ${type})`);

/** An object literal inside another, for the sake of short code alone. */
const packedProperties = {
  selector: 'ObjectExpression > SpreadElement > ObjectExpression',
  message: 'Write these properties into the object itself.',
};

export default tseslint.config(
  {
    ignores: [
      'dist',
      'build',
      'node_modules',
      'src/proto',
      '*.config.*',
      '.dependency-cruiser.cjs',
      'clients/python',
      'test/support/*.mjs',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { jsdoc },
    rules: {
      'max-lines': ['error', { max: 350, skipBlankLines: true }],
      // Statements and not lines, so that a long object literal is no reason to pack it.
      'max-statements': ['error', 30],
      'no-restricted-syntax': ['error', packedProperties],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-non-null-assertion': 'off', // typed arrays under noUncheckedIndexedAccess
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'jsdoc/require-jsdoc': [
        'error',
        { publicOnly: true, require: { FunctionDeclaration: false }, contexts: numeric },
      ],
    },
  },
  // The type check knows the browser's names everywhere; only the page has them when it runs.
  {
    files: ['src/**', 'clients/**', 'bench/**', 'experiments/**'],
    ignores: ['clients/web/**'],
    rules: {
      'no-restricted-globals': ['error', ...browserNames],
    },
  },
  // One kind of thread: src/threads/serve.ts in it, src/threads/service-thread.ts with its owner.
  {
    files: ['src/**', 'clients/**'],
    ignores: ['src/threads/**'],
    rules: {
      'no-restricted-imports': ['error', { paths: ['node:worker_threads', 'worker_threads'] }],
      'no-restricted-syntax': [
        'error',
        packedProperties,
        {
          selector: 'ImportExpression[source.value=/worker_threads/], NewExpression[callee.name="Worker"]',
          message: 'A thread is started by src/threads alone.',
        },
        {
          selector: 'CallExpression > MemberExpression.callee > Identifier.property[name="terminate"]',
          message: 'A thread is ended by src/threads alone, between two pieces of work.',
        },
      ],
    },
  },
  // The bare baselines measure ONNX Runtime in threads of their own, without src/threads.
  {
    files: ['bench/**', 'experiments/**'],
    ignores: ['bench/*/bare.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'node:worker_threads', importNames: ['Worker'], message: 'src/threads starts threads.' }] },
      ],
    },
  },
  {
    files: ['test/**', 'bench/**', 'experiments/**'],
    rules: { 'max-statements': 'off', 'jsdoc/require-jsdoc': 'off' },
  },
);
