import { hash, randomFillSync } from 'node:crypto';
import { commitmentsMember, concealedFields, concealedPerson, concealedText, whoPath, withOpenings, type Concealing } from './disclosure.ts';
import type { BlobRef, Who } from './envelope.ts';
import type { EventData, EventType } from './types.ts';

/** Encrypts the disclosures of one event to the reader of evidence. */
export type SealOpenings = (disclosures: readonly string[]) => { readonly ref: BlobRef; readonly bytes: Uint8Array };

export interface Concealed<T extends EventType> {
  readonly data: EventData[T];
  readonly who: Who | null;
  /** What opens the fields again. They belong into a blob of role `opening`, and nowhere else. Empty when nothing was concealed. */
  readonly disclosures: readonly string[];
}

/**
 * Puts commitments in place of what may have to be withheld: done once, by whoever writes the event, before it is serialised. RFC 9901 (SD-JWT): a disclosure is
 * base64url of the JSON text `[salt, path, value]` with 128 random bits of salt, a commitment is base64url of its SHA-256. Nulls are left as they are.
 */
export function conceal<T extends EventType>(type: T, data: EventData[T], who: Who | null): Concealed<T> {
  const fields = concealedFields(type);
  const person = who !== null && who.id.startsWith('person:');
  if (fields.length === 0 && !person) return { data, who, disclosures: none };
  const disclosures: string[] = [];
  const commitments: Record<string, string> = {};
  const commit = (path: string, value: unknown) => {
    const text = Buffer.from(JSON.stringify([salt(), path, value])).toString('base64url');
    disclosures.push(text);
    commitments[path] = digestOf(text);
  };
  const covered: Record<string, unknown> = { ...data };
  for (const [name] of fields) {
    const value = covered[name];
    if (value === null || value === undefined) continue;
    commit(`d.${name}`, value);
    covered[name] = Array.isArray(value) ? [] : typeof value === 'object' ? {} : concealedText;
  }
  if (person) commit(whoPath, who.id);
  if (disclosures.length === 0) return { data, who, disclosures: none };
  covered[commitmentsMember] = commitments;
  // The declared type of the data stands: texts are texts, lists are lists; the commitments are a member that no type declares.
  return { data: covered as EventData[T], who: person ? { ...who, id: concealedPerson } : who, disclosures };
}

const none: readonly string[] = [];

/** Base64url of SHA-256 of a disclosure's characters. */
export const digestOf = (text: string): string => hash('sha256', text, 'base64url');

/** `withOpenings` under Node. */
export function opened<E extends Concealing>(event: E, disclosures: readonly string[]): { readonly event: E; readonly withheld: readonly string[] } {
  return withOpenings(event, disclosures, digestOf);
}

const saltBytes = 16;
const pool = Buffer.alloc(saltBytes * 64);
let at = pool.length;

/** 128 random bits; fetched 64 at a time. */
function salt(): string {
  if (at === pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  at += saltBytes;
  const taken = pool.toString('base64url', at - saltBytes, at);
  pool.fill(0, at - saltBytes, at);
  return taken;
}
