import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { isAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import { sessionContext, statementContext, minuteOf } from './context.ts';
import { machineEntity, machineUid, objectResource, targetEntity } from './entities.ts';
import { schemaText } from './schema.ts';
import { compiledOf, effect, ledgerDb, means, nightly, session, setOf, sunday } from './testing/world.ts';

const condition = fc.constantFrom(
  'context.approval', 'context has hasWhere && context.hasWhere', 'context.source.isLoopback()', 'context.hour < 11 && context.weekday == 7', 'context has client && context.client == "psql"',
  'context has role', 'context.now > datetime("2026-01-01T00:00:00Z")', 'resource.kind == "table"', 'resource has large && resource.large', 'resource.tags.contains("us.ssn")', 'resource.target.environment == "production"',
  'resource.target.tags.contains("pci")', 'principal.owner == "alice"', 'principal has kind && principal.kind == "ci"', 'resource.schema == "ledger"', 'principal in Group::"batch"', 'resource in Schema::"ledger-db/ledger"',
  'resource in Target::"ledger-db"', '(if context.approval then context else context).hour == 10', 'context has limit && context.limit + 9223372036854775807 > 0', 'action in Action::"change"',
);
const rule = fc.record({ effect: fc.constantFrom('permit', 'forbid'), clause: fc.constantFrom('when', 'unless'), condition });

describe('a compiled slice', () => {
  it('answers from the facts that rules mention as Cedar does from all facts with the schema', () => {
    const objects = [objectResource('ledger-db', effect('read', 'ledger.customers').resource, { tags: ['us.ssn'], large: true }), objectResource('ledger-db', effect('read', 'public.x').resource, { tags: [], large: false })];
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 5 }), fc.constantFrom('read' as const, 'write' as const), fc.constantFrom(...objects), fc.boolean(), fc.boolean(), (drawn, action, resource, approval, hasWhere) => {
        const text = drawn.map((one, i) => `@id("r${i}") ${one.effect}(principal, action in [Action::"read", Action::"write"], resource is Object) ${one.clause} { ${one.condition} };`).join('\n');
        const context = statementContext(sessionContext(session, minuteOf(sunday)), means([], { hasWhere, ...(hasWhere ? { limit: 1 } : {}) }), approval);
        const got = compiledOf(text).ask(action, resource, context);
        const full = isAuthorized({
          principal: machineUid('nightly-ledger'), action: { type: 'Action', id: action }, resource: resource.uid, context, schema: schemaText, validateRequest: true,
          policies: { staticPolicies: Object.fromEntries(setOf(text).rules.map((one) => [one.id, one.text])) },
          entities: [machineEntity(nightly), targetEntity(ledgerDb), ...(resource.entity === null ? [] : [resource.entity])],
        });
        if (full.type !== 'success') throw new Error(full.errors[0]?.message);
        const { decision, diagnostics } = full.response;
        if (diagnostics.errors.length > 0) expect(got).toMatchObject({ allowed: false, trouble: expect.any(String) });
        else expect({ ...got, rules: [...got.rules].sort() }).toEqual({ allowed: decision === 'allow', rules: [...diagnostics.reason].sort(), trouble: null });
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
