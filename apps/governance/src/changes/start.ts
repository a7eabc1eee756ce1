import { approvalChanged, subjects, type Bus } from '@sallyport/platform-bus';
import { every } from '@sallyport/platform-runtime';
import type { Outbox, Store } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import type { GovernanceDatabase } from '../store/database.ts';
import { ChangeStore } from './change-store.ts';
import { Changes, type ChangesParts } from './changes.ts';
import { Owners } from './owners.ts';

export interface ChangesNeed extends Pick<ChangesParts, 'changedDecisions'> {
  readonly store: Store<GovernanceDatabase>;
  readonly outbox: Outbox;
  readonly bus: Bus;
  readonly log: Log;
  readonly now: () => number;
  /** Milliseconds between looks at what is due. */
  readonly everyMs: number;
}

/** Changes, with what drives them besides people: what becomes of approvals, and what was left half done. */
export function startChanges({ store, outbox, bus, log, now, everyMs, ...more }: ChangesNeed): { readonly changes: Changes; stop(): Promise<void> } {
  const changes = new Changes({ store: new ChangeStore(store.db, outbox, now), owners: new Owners(bus), bus, log, now, ...more });
  const silence = bus.subscribe(subjects.approvalChanged, approvalChanged, ({ approval, subject }) => {
    if (subject?.kind === 'change') changes.hear(approval).catch((error: unknown) => log.warn('what became of an approval of a change is looked at later', { error }));
  });
  const stop = every({ ms: everyMs, what: 'looking after changes', log }, () => changes.sweep());
  return {
    changes,
    stop: () => {
      silence();
      return stop();
    },
  };
}
