import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import typescript from 'typescript-eslint';

export default typescript.config(
  { ignores: ['.svelte-kit/', 'src/lib/api/generated/', 'test-results/'] },
  js.configs.recommended,
  typescript.configs.recommended,
  svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: typescript.parser } },
  },
  {
    rules: {
      'no-console': 'error',
      'no-undef': 'off', // TypeScript's business.
      'max-lines': ['error', { max: 400, skipBlankLines: false, skipComments: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // Links name whole paths; the site is always served from a domain's root.
      'svelte/no-navigation-without-resolve': 'off',
      // svelte-check warns of more than the compiler that eslint asks.
      'svelte/no-unused-svelte-ignore': 'off',
      'svelte/no-at-html-tags': 'error',
      // Addresses are also built outside of what is shown.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  { files: ['tools/**'], rules: { 'no-console': 'off' } },
);
