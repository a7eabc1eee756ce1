import type { Described } from '../described.ts';
import type { Seen } from '../schema/envelope.ts';
import { whoOf } from './parties.ts';

/** A type that no family knows, or data of another form than declared: still delivered, its whole data in `unmapped`. */
export function generic(event: Seen): Described {
  return {
    title: event.type,
    message: `${event.type} by ${whoOf(event)}`,
    severity: 'informational', outcome: 'unknown', code: null, reason: null, source: null,
    ocsf: { class: 'base_event', activity: event.type, members: {} },
    ecs: { kind: 'event', category: [], type: ['info'] },
  };
}

/** A leaf whose bytes are gone: told all the same, so that no number is missing at the receiver. */
export const missing: Described = {
  title: 'Event no longer stored',
  message: 'The bytes of this leaf are no longer stored; the log still has its hash',
  severity: 'low', outcome: 'unknown', code: 'missing', reason: null, source: null,
  ocsf: { class: 'base_event', activity: 'missing', members: {} },
  ecs: { kind: 'event', category: [], type: ['info'] },
};

/** Bytes that are no event of version 1. Nothing of their content is shown, since nobody knows what it is; hash and leaf say which they are. */
export const unreadable: Described = {
  title: 'Unreadable event',
  message: 'A leaf of the ledger could not be read as an event; it is named by its hash',
  severity: 'high', outcome: 'unknown', code: 'unreadable', reason: null, source: null,
  ocsf: { class: 'base_event', activity: 'unreadable', members: {} },
  ecs: { kind: 'alert', category: [], type: ['error'] },
};

/** A signed head of the log: whoever keeps it can show any later change of what it covers. */
export const signedHead: Described = {
  title: 'Log checkpoint',
  message: 'The log has signed its size and root: no leaf before can be changed or removed unnoticed any more',
  severity: 'informational', outcome: 'success', code: null, reason: null, source: null,
  ocsf: { class: 'base_event', activity: 'checkpoint', members: {} },
  ecs: { kind: 'event', category: [], type: ['info'] },
};
