// Moves the one script that SvelteKit writes into the page to a file of its own, so that the site
// works behind a Content-Security-Policy without inline scripts and without hashes to keep in step.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SITE = new URL('../../src/runyard/_web/', import.meta.url).pathname;
const INLINE = /<script>([\s\S]*?)<\/script>/g;

const page = join(SITE, 'index.html');
const html = readFileSync(page, 'utf8');
const changed = html.replace(INLINE, (_, source) => {
  const name = `_app/immutable/start.${createHash('sha256').update(source).digest('hex').slice(0, 12)}.js`;
  writeFileSync(join(SITE, name), source.trim());
  return `<script src="/${name}"></script>`;
});
if (changed === html) throw new Error('the page has no inline script; is this still needed?');
writeFileSync(page, changed);
