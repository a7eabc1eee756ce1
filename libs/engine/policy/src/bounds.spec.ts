import { describe, expect, it } from 'vitest';
import { boundsOf } from './bounds.ts';
import { compileSlice } from './compiled.ts';
import { decide } from './decide.ts';
import { noObjects } from './objects.ts';
import { sliceFor } from './slice.ts';
import { effect, ledgerDb, means, nightly, session, setOf, sunday } from './testing/world.ts';

const read = means([effect('read', 'ledger.customers')]);
const bothOf = (text: string, of = read) => {
  const { permissive, strict, needs } = boundsOf(setOf(text));
  const decided = [permissive, strict].map((policySet) => decide(compileSlice(sliceFor({ policySet, machine: nightly, target: ledgerDb })), { means: of, session, objects: noObjects, now: sunday }).kind);
  return { decided, needs: Object.fromEntries(needs) };
};

describe('a decision about what was recorded', () => {
  it('is what it is where no rule asks for what was not recorded', () => {
    expect(bothOf('@id("r") permit(principal, action == Action::"read", resource) when { context.kind == "SELECT" };')).toEqual({ decided: ['allow', 'allow'], needs: {} });
  });

  it('lies between two where a rule does', () => {
    expect(bothOf('@id("r") permit(principal, action == Action::"read", resource) when { context.hour < 6 };')).toEqual({ decided: ['allow', 'deny'], needs: { r: ['hour'] } });
    expect(bothOf('@id("p") permit(principal, action, resource); @id("f") forbid(principal, action == Action::"read", resource) unless { context has hasLimit && context.hasLimit };')).toEqual({ decided: ['allow', 'deny'], needs: { f: ['hasLimit'] } });
  });

  it.each([
    // What is known decides, whatever the unknown is.
    ['@id("r") permit(principal, action == Action::"read", resource) when { context.kind == "COPY" && context.hour < 6 };', ['deny', 'deny']],
    ['@id("r") permit(principal, action == Action::"read", resource) when { context.kind == "SELECT" || context.hour < 6 };', ['allow', 'allow']],
    ['@id("p") permit(principal, action, resource); @id("f") forbid(principal, action == Action::"read", resource) when { !(context.kind == "SELECT" || context.hour < 6) };', ['allow', 'allow']],
    ['@id("p") permit(principal, action, resource); @id("f") forbid(principal, action == Action::"read", resource) unless { context.kind == "COPY" && context.hour < 6 };', ['deny', 'deny']],
    ['@id("r") permit(principal, action == Action::"read", resource) when { if context.kind == "SELECT" then true else context.hour < 6 };', ['allow', 'allow']],
    ['@id("r") permit(principal, action == Action::"read", resource) when { if context.hour < 6 then true else true };', ['allow', 'deny']],
    // Another verb's rule does not matter.
    ['@id("p") permit(principal, action, resource); @id("f") forbid(principal, action == Action::"write", resource) when { context.hour < 6 };', ['allow', 'allow']],
  ])('%s', (text, decided) => {
    expect(bothOf(text).decided).toEqual(decided);
  });

  it('keeps what people must say yes to apart from both', () => {
    const text = '@id("p") permit(principal, action, resource); @id("f") @approvers("dba") forbid(principal, action == Action::"read", resource) when { context.source.isInRange(ip("10.0.0.0/8")) } unless { context.approval };';
    expect(bothOf(text).decided).toEqual(['allow', 'hold']);
    const held = '@id("p") permit(principal, action, resource); @id("f") @approvers("dba") forbid(principal, action == Action::"read", resource) unless { context.approval }; @id("g") permit(principal, action == Action::"read", resource) when { context.hour < 6 };';
    expect(bothOf(held).decided).toEqual(['hold', 'hold']);
  });

  it('says nothing exact of a rule whose numbers the tree cannot hold', () => {
    expect(bothOf('@id("r") permit(principal, action == Action::"read", resource) when { context.kind == "COPY" && context has limit && context.limit < 9007199254740993 };').decided).toEqual(['allow', 'deny']);
  });
});
