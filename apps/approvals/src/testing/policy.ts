import { fail, ok, policyDecide, subjects, type Bus } from '@sallyport/platform-bus';
import type { z } from 'zod';
import type { Explanation } from '../model/manifest.ts';

export interface ScriptedPolicy {
  /** Digest of the slice that it answers from. */
  slice: string;
  /** Effects that it reads in every text. */
  effects: string[];
}

/**
 * A decision point that reads the first word of each statement: `select` is allowed, `drop` is denied, `alter` wants a DBA and one of security, everything else wants a DBA; `garbage`
 * cannot be read.
 */
export function scriptedPolicy(bus: Bus): ScriptedPolicy {
  const script: ScriptedPolicy = { slice: 'c'.repeat(64), effects: ['write ledger.accounts'] };
  bus.nc.subscribe(subjects.policyDecide, {
    callback: (_error, message) => {
      const asked = policyDecide.request.safeParse(message.json());
      message.respond(JSON.stringify(asked.success ? reply(asked.data, script) : fail('invalid', 'request')));
    },
  });
  return script;
}

function reply({ text }: z.output<(typeof policyDecide)['request']>, { slice, effects }: ScriptedPolicy) {
  if (text.startsWith('garbage')) return fail('unreadable', 'the statement cannot be parsed: syntax error at character 1');
  const parts = text.split(';').map((part) => part.trim()).filter((part) => part !== '');
  return ok(explained(parts, slice, effects));
}

export function explained(texts: readonly string[], slice: string, effects: readonly string[]): Explanation {
  const words = texts.map((one) => one.split(' ', 1).join(''));
  const decisions = words.map((word) => (word === 'drop' ? 'deny' : word === 'select' ? 'allow' : 'hold'));
  const decision = decisions.includes('deny') ? 'deny' : decisions.includes('hold') ? 'hold' : 'allow';
  const approvers = decision !== 'hold' ? [] : [{ group: 'dba', count: 1 }, ...(words.includes('alter') ? [{ group: 'security', count: 1 }] : [])];
  const rules = [`${words[0] ?? ''}-rule`];
  const say = decision === 'allow' ? null : `${words[0] ?? ''} is not done just so`;
  return {
    decision, say, rules,
    statements: texts.map((one, at) => ({ shape: one.replaceAll(/\d+|'[^']*'/g, '?'), decision: decisions[at] ?? 'deny', say, rules, effects: effects.map((effect) => ({ effect, decision, rules, say, of: 'machine' as const })) })),
    sides: null,
    context: { slice, connect: 'allow', approvers },
  };
}
