import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vitest/config';

// The server takes the site from its package, see src/runyard/api/site.py.
const OUTPUT = '../src/runyard/_web';

export default defineConfig({
  plugins: [
    sveltekit({
      adapter: adapter({ pages: OUTPUT, assets: OUTPUT, fallback: 'index.html' }),
      // A start script of its own file is loaded from there, so its imports name the whole path.
      paths: { relative: false },
    }),
  ],
  // `RUNYARD_SERVER=http://127.0.0.1:8080 npm run dev` uses the API of a server that runs already.
  server: {
    proxy: {
      '/api': { target: process.env.RUNYARD_SERVER ?? 'http://127.0.0.1:8080', ws: true },
    },
  },
  // How long plugins take is no news.
  build: {
    // The site's policy allows fonts and images from files only.
    assetsInlineLimit: 0,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  // A test of what needs a browser's window says so itself; for most it would take ten times as long.
  test: { include: ['src/**/*.test.ts'] },
  resolve: process.env.VITEST ? { conditions: ['browser'] } : undefined,
});
