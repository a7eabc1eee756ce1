// Makes dist/verify.mjs and dist/verify.html: the offline verifier as one file each, for people who have none of our software.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const here = resolve(import.meta.dirname, '..');
// The folder to put them in may be named.
const dist = resolve(process.argv[2] ?? join(here, 'dist'));
const engine = resolve(here, '../../libs/engine/evidence/src');
const shared = { bundle: true, write: false, conditions: ['@sallyport/source'], legalComments: 'inline', logLevel: 'warning', charset: 'utf8', absWorkingDir: resolve(here, '../..'), plugins: [] };

/** What a page has no `node:crypto` for stands in three files; these stand in for them. */
const forPage = new Map([
  [join(engine, 'merkle/sha256.ts'), join(here, 'page/sha256.ts')],
  [join(engine, 'note/ed25519.ts'), join(here, 'page/ed25519.ts')],
  [join(engine, 'utf8-text.ts'), join(here, 'page/utf8-text.ts')],
]);
const standIns = {
  name: 'stand-ins',
  setup({ onResolve }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, external: true, sideEffects: false }));
    onResolve({ filter: /\/(sha256|ed25519|utf8-text)\.ts$/ }, ({ path, resolveDir }) => {
      const standIn = forPage.get(join(resolveDir, path));
      return standIn === undefined ? undefined : { path: standIn };
    });
  },
};
/** Our modules do nothing by being imported: what is not used is left out. */
const pure = {
  name: 'pure',
  setup(bundle) {
    bundle.onResolve({ filter: /^@sallyport\// }, async ({ path, pluginData, ...rest }) => {
      if (pluginData === 'again') return undefined;
      return { ...(await bundle.resolve(path, { ...rest, pluginData: 'again' })), sideEffects: false };
    });
    bundle.onResolve({ filter: /^\.\.?\// }, async ({ path, pluginData, ...rest }) => {
      if (pluginData === 'again' || !rest.resolveDir.includes('/libs/')) return undefined;
      return { ...(await bundle.resolve(path, { ...rest, pluginData: 'again' })), sideEffects: false };
    });
  },
};

mkdirSync(dist, { recursive: true });
const node = await build({ ...shared, entryPoints: [join(here, 'src/verifier/verify.ts')], platform: 'node', target: 'node20.12', format: 'esm', plugins: [pure], banner: { js: '#!/usr/bin/env node\n// Sallyport offline verifier. Apache-2.0. No dependencies but Node 20.12 or later.' } });
writeFileSync(join(dist, 'verify.mjs'), node.outputFiles[0].text, { mode: 0o755 });

const page = await build({ ...shared, entryPoints: [join(here, 'page/page.ts')], platform: 'browser', target: 'es2022', format: 'esm', plugins: [standIns, pure], minify: true });
const script = page.outputFiles[0].text.replaceAll('</script', '<\\/script');
if (/from\s*"node:|import\s*"node:|\bBuffer\./.test(script)) throw new Error('the page would need Node.js: something that it uses imports a module of Node');
const style = readFileSync(join(here, 'page/page.css'), 'utf8');
const hashOf = (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`;
const parts = { script, style, 'script-hash': hashOf(script), 'style-hash': hashOf(style) };
writeFileSync(join(dist, 'verify.html'), readFileSync(join(here, 'page/page.html'), 'utf8').replaceAll(/\{\{([a-z-]+)\}\}/g, (_, name) => parts[name]));
