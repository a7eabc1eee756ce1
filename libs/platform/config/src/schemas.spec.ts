import { expect, it } from 'vitest';
import { jsonSchema, memberNames, schemaFiles } from './schemas.ts';

it('keeps the published files current (vitest -u writes them)', async () => {
  for (const [file, text] of schemaFiles()) await expect(text).toMatchFileSnapshot(`../schemas/${file}`);
});

it('knows the members at a path, through lists and alternatives', () => {
  expect(memberNames(jsonSchema('Machine'), ['spec', 'bindings', 0])).toContain('audience');
  expect(memberNames(jsonSchema('Issuer'), ['spec', 'keys'])).toEqual(expect.arrayContaining(['discovery', 'jwksUri', 'jwks']));
  expect(memberNames(jsonSchema('Issuer'), ['spec', 'nothing'])).toEqual([]);
});
