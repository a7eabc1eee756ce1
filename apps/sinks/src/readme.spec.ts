import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadText } from '@sallyport/platform-config';
import { expect, it } from 'vitest';

it('the README has an example of each type of sink, and they are read without a problem', () => {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
  const { documents, problems } = loadText('README.md', yaml);
  expect(problems).toEqual([]);
  const types = documents.flatMap(({ document }) => (document.kind === 'Sink' ? [document.spec.type] : []));
  expect([...new Set(types)]).toEqual(['file', 'webhook', 'syslog', 'splunk-hec', 'elastic', 'azure-monitor', 'otlp', 's3', 's3-object-lock']);
  for (const type of types) expect(readme).toContain(`| \`${type}\` |`);
});
