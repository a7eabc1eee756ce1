import type { Who } from './envelope.ts';
import type { EventData, EventType } from './types.ts';

/** What somebody may have a reason to withhold. `person`: who somebody is. `address`: where they came from. `claims`: what a token said. `words`: free text. */
export type FieldClass = 'person' | 'address' | 'claims' | 'words';
export const fieldClasses: readonly FieldClass[] = ['person', 'address', 'claims', 'words'];

/**
 * Fields of `d` that an event commits to instead of saying them. Nothing of a command is here: its text is in blobs already, and it is the hot
 * path. `who.id` of a person is committed to in every event.
 */
const fields = {
  'auth.ok': { claims: 'claims', source: 'address' },
  'auth.failed': { claims: 'claims', source: 'address', say: 'words' },
  'auth.replay': { source: 'address', first_source: 'address' },
  'token.exchanged': { sources: 'address', act: 'claims', source: 'address', behalf: 'person' },
  'token.refused': { say: 'words', source: 'address' },
  'token.revoked': { why: 'words' },
  'session.opened': { source: 'address', behalf: 'person' },
  'session.refused': { source: 'address' },
  'approval.requested': { behalf: 'person' },
  'approval.voted': { by: 'person' },
  'approval.granted': { by: 'person' },
  'approval.rejected': { by: 'person' },
  'approval.refused': { by: 'person', say: 'words' },
  'approval.withdrawn': { why: 'words' },
  'nhi.suspended': { why: 'words' },
  'hold.placed': { reason: 'words' },
  'hold.release_requested': { reason: 'words' },
  'hold.released': { requested_by: 'person' },
  'erasure.requested': { reason: 'words' },
  'erasure.confirmed': { requested_by: 'person' },
  'nhi.state_changed': { why: 'words' },
  'nhi.transfer_requested': { reason: 'words' },
  'nhi.reactivated': { approved_by: 'person' },
  'nhi.candidate': { claims: 'claims', source: 'address' },
  'signal.received': { person: 'person', ref: 'person' },
  'person.left': { person: 'person' },
  'person.returned': { person: 'person' },
  'person.sessions_revoked': { person: 'person' },
  'entitlement.granted': { approved_by: 'person', reason: 'words' },
  'entitlement.requested': { reason: 'words' },
  'entitlement.revoked': { why: 'words' },
  'breakglass.opened': { reason: 'words', by: 'person' },
  'breakglass.reviewed': { say: 'words' },
  'review.item': { reviewers: 'person' },
  'review.decided': { reason: 'words' },
  'review.delegated': { to: 'person', reason: 'words' },
  'detect.shared_binding': { runtimes: 'address' },
  'detect.replay': { source: 'address', first_source: 'address' },
  'detect.dismissed': { reason: 'words' },
  'change.proposed': { title: 'words' },
  'change.approved': { by: 'person' },
  'change.rejected': { by: 'person' },
  'change.withdrawn': { why: 'words' },
} as const satisfies { readonly [T in EventType]?: { readonly [K in keyof EventData[T] & string]?: FieldClass } };

const byType: Readonly<Record<string, Readonly<Record<string, FieldClass>>>> = fields;

/** Names and classes of the fields of `d` that events of a type commit to. */
export function concealedFields(type: string): readonly (readonly [name: string, of: FieldClass])[] {
  return Object.hasOwn(byType, type) ? Object.entries(byType[type] ?? {}) : [];
}

/** The class of a path in events of a type: `who.id`, `d.by`. Null for what no event commits to. */
export function classOf(type: string, path: string): FieldClass | null {
  if (path === whoPath) return 'person';
  return concealedFields(type).find(([name]) => path === `d.${name}`)?.[1] ?? null;
}

export const whoPath = 'who.id';
/** Stands in place of a text that is committed to; behind `person:` in `who.id`. Lists are empty then, objects too. */
export const concealedText = '~';
export const concealedPerson = `person:${concealedText}`;
/** The member of `d` with the commitments: path → base64url of SHA-256 of the disclosure. No declared type has it. */
export const commitmentsMember = '_sd';

export type Commitments = Readonly<Record<string, string>>;

/** One opened field. RFC 9901, 4.2.1, with a path as the name. */
export interface Disclosure {
  /** Base64url, at least 128 bits. */
  readonly salt: string;
  readonly path: string;
  readonly value: unknown;
}

/** What an event commits to. Empty when it commits to nothing, or to nothing in a form that is understood. */
export function commitmentsOf({ d }: { readonly d: unknown }): Commitments {
  const found = isObject(d) ? d[commitmentsMember] : undefined;
  return isObject(found) && Object.values(found).every((digest) => typeof digest === 'string' && digestForm.test(digest)) ? (found as Commitments) : {};
}

const digestForm = /^[A-Za-z0-9_-]{43}$/;

/** Reads a disclosure; null for what is none. Whether anything commits to it is not looked at. */
export function parseDisclosure(text: string): Disclosure | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return null;
  try {
    const parts: unknown = JSON.parse(utf8(text));
    if (!Array.isArray(parts) || parts.length !== 3) return null;
    const [salt, path, value]: readonly unknown[] = parts;
    return typeof salt === 'string' && salt.length >= 22 && typeof path === 'string' ? { salt, path, value } : null;
  } catch {
    return null;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Throws what is no UTF-8 in base64url. */
function utf8(base64url: string): string {
  const bytes = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return decoder.decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
}

/** As much of an event as can be concealed. */
export interface Concealing {
  readonly who: Who | null;
  readonly d: object;
}

/**
 * The one way by which readers get a field's value: the event with the fields that are opened in their places, and without its commitments. What is not opened, or
 * opened by something that the event does not commit to, stays as it is; `withheld` has those paths.
 * @param digestOf base64url of SHA-256 of a text's bytes
 */
export function withOpenings<E extends Concealing>(event: E, disclosures: readonly string[], digestOf: (text: string) => string): { readonly event: E; readonly withheld: readonly string[] } {
  const commitments = commitmentsOf(event);
  if (Object.keys(commitments).length === 0) return { event, withheld: [] };
  const opened = new Map<string, unknown>();
  for (const text of disclosures) {
    const disclosure = parseDisclosure(text);
    if (disclosure !== null && Object.hasOwn(commitments, disclosure.path) && commitments[disclosure.path] === digestOf(text)) opened.set(disclosure.path, disclosure.value);
  }
  const members = Object.entries(event.d).filter(([name]) => name !== commitmentsMember);
  const d = Object.fromEntries(members.map(([name, value]) => [name, opened.has(`d.${name}`) ? opened.get(`d.${name}`) : value]));
  const id = opened.get(whoPath);
  const who: Who | null = event.who !== null && typeof id === 'string' && id.length > 0 && id.length <= 256 ? { ...event.who, id } : event.who;
  return { event: { ...event, who, d }, withheld: Object.keys(commitments).filter((path) => !opened.has(path)) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
