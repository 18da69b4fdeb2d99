import { defineConfig } from '@hey-api/openapi-ts';

export default defineConfig({
  input: 'openapi.json',
  output: { path: 'src/lib/api/generated', tsConfigPath: null },
  plugins: ['@hey-api/typescript'],
});
