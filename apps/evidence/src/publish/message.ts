import { subjects } from '@sallyport/platform-bus';

/** Names of the headers that the stream's messages carry. */
export const header = {
  /** Leaf index in the Merkle log, from 0: the order of the ledger. Only what has it is a leaf. */
  leaf: 'Sallyport-Leaf',
  /** Id of the event. */
  event: 'Sallyport-Event',
  /** SHA-256 (hex) of the bytes, as the ledger noted it when they came. */
  sha256: 'Sallyport-Sha256',
  /** When the ledger took it in, RFC 3339. */
  received: 'Sallyport-Received',
  /** Tree size of a checkpoint. */
  checkpoint: 'Sallyport-Checkpoint',
} as const;

export interface Leaf {
  readonly leaf: number;
  readonly event: string | null;
  readonly sha256: string | null;
  readonly received: string | null;
  /** Null when the ledger has it no more. */
  readonly body: Uint8Array | null;
}

export interface Outgoing {
  readonly subject: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly payload: Uint8Array;
}

const empty = new Uint8Array();

/** A leaf as it is published: its stored bytes as they are. One whose body is gone is published without, so that no number is missing. */
export function leafMessage(tenant: string, { leaf, event, sha256, received, body }: Leaf): Outgoing {
  const known = ([name, value]: readonly [string, string | null]): readonly (readonly [string, string])[] => (value === null ? [] : [[name, value]]);
  return {
    subject: subjects.published(tenant, body === null ? 'log.missing' : typeOf(body)),
    headers: [
      // Other bytes under the same number, as after a restored backup, are no repeat.
      ['Nats-Msg-Id', `${leaf}.${sha256?.slice(0, 16) ?? 'missing'}`],
      [header.leaf, String(leaf)],
      ...known([header.event, event]),
      ...known([header.sha256, sha256]),
      ...known([header.received, received]),
    ],
    payload: body ?? empty,
  };
}

/** A signed checkpoint, as the note that it is. */
export function checkpointMessage(tenant: string, size: number, note: string): Outgoing {
  return { subject: subjects.published(tenant, 'log.checkpoint'), headers: [[header.checkpoint, String(size)]], payload: Buffer.from(note) };
}

/** How far into an event its type is looked for, in bytes. Producers write `v`, `id`, `type` first. */
const head = 200;
const declared = /^\{"v":1,"id":"[^"\\]{1,64}","type":"([a-z_]{1,40}\.[a-z_]{1,40})"/;

/** For the subject only: whoever filters by it must not trust it more than the bytes. */
function typeOf(body: Uint8Array): string {
  const text = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, head)).toString('latin1');
  return declared.exec(text)?.[1] ?? 'log.unreadable';
}
