import { expect } from 'vitest';
import { instant } from '@sallyport/domain-model';
import { decide, type ApprovalCommand, type RefusedCode } from '../model/decide.ts';
import type { ApprovalEvent, Requested } from '../model/event.ts';
import { evolve, fold, type ApprovalState, type Phase } from '../model/state.ts';

const start = Date.UTC(2026, 10, 22, 10);
/** The instant that many seconds after the request of these stories. */
export const after = (seconds: number): string => instant(start + seconds * 1000);

/** A request of `ci-deploy`, owned by olga, for one DBA, good for 15 minutes. */
export const requested = (change: Partial<Requested> = {}): Requested => ({
  type: 'requested', at: after(0), session: 'session-1', command: 'command-1', machine: 'ci-deploy', owner: 'olga', target: 'ledger-db', environment: 'production',
  source: '10.0.0.7', shape: 'alter table ledger.accounts add column note text', effects: ['define ledger.accounts'], rules: ['ddl-needs-approval'],
  say: 'changes of structure need a second person', binding: 'b'.repeat(64), slice: 'c'.repeat(64), quorum: [{ group: 'dba', count: 1 }], expires: after(900), subject: null, requester: null, ...change,
});

/** given(events).when(command) and then what came of it. */
export function given(...events: ApprovalEvent[]) {
  const before = events.length === 0 ? null : fold(events);
  return {
    when(command: ApprovalCommand) {
      const outcome = decide(before, command);
      const state = outcome.events.reduce<ApprovalState | null>(evolve, before);
      return {
        then(phase: Phase, ...types: ApprovalEvent['type'][]) {
          expect(outcome.refused).toBeNull();
          expect(outcome.events.map(({ type }) => type)).toEqual(types);
          expect(state?.phase).toBe(phase);
          return outcome.events;
        },
        refused(code: RefusedCode, ...types: ApprovalEvent['type'][]) {
          expect(outcome.refused?.code).toBe(code);
          expect(outcome.events.map(({ type }) => type)).toEqual(types);
          return outcome.refused?.say;
        },
      };
    },
  };
}
