import type { PersonDocument } from '@sallyport/platform-config';

/** Whose word about a person it is. `document` and `contract`: what the Person document says of `active` and `contractEnd`. */
export type WordSource = 'document' | 'contract' | 'scim' | 'ssf' | 'hr' | 'directory' | 'operator';

/** The last word of one source about one person. */
export interface PersonWord {
  readonly person: string;
  readonly source: WordSource;
  readonly change: 'left' | 'returned';
  /** Milliseconds since 1970: when, as the source says. */
  readonly at: number;
}

export interface NewWord extends PersonWord {
  /** The source itself, or `person:NAME`. */
  readonly toldBy: string;
  readonly ref: string | null;
  readonly reason: string;
}

/** Since when somebody is gone, and who says so first. */
export interface Gone {
  readonly since: number;
  readonly source: WordSource;
}

/** The words as they stand once these were said too. */
export function withWords(standing: readonly PersonWord[], said: readonly PersonWord[]): readonly PersonWord[] {
  const last = new Map(standing.map((word) => [`${word.source} ${word.person}`, word]));
  for (const { person, source, change, at } of said) last.set(`${source} ${person}`, { person, source, change, at });
  return [...last.values()];
}

/** Somebody is gone while any source says so. Null: nobody does. @param words about this person */
export function goneBy(words: readonly PersonWord[]): Gone | null {
  const left = words.filter(({ change }) => change === 'left').sort((a, b) => a.at - b.at);
  const [first] = left;
  return first === undefined ? null : { since: first.at, source: first.source };
}

/** What a document itself says of the person now: words that have to be said so that the record agrees with it. @param now milliseconds since 1970 */
export function wordsOfDocument({ metadata, spec }: PersonDocument, standing: readonly PersonWord[], now: number): readonly NewWord[] {
  const says = (source: WordSource) => standing.some((word) => word.source === source && word.change === 'left');
  const said: NewWord[] = [];
  const tell = (source: 'document' | 'contract', change: NewWord['change'], at: number, reason: string) => said.push({ person: metadata.name, source, change, at, toldBy: source, ref: null, reason });
  if (!spec.active && !says('document')) tell('document', 'left', now, 'the document says that they are not active');
  if (spec.active && says('document')) tell('document', 'returned', now, 'the document says that they are active');
  const over = contractOver(spec.contractEnd, now);
  if (over !== null && !says('contract')) tell('contract', 'left', over, `the contract ended on ${spec.contractEnd ?? ''}`);
  if (over === null && says('contract')) tell('contract', 'returned', now, spec.contractEnd === undefined ? 'the contract has no end any more' : `the contract goes on until ${spec.contractEnd}`);
  return said;
}

const dayMs = 86_400_000;

/** When a contract was over: the midnight (UTC) after its last day. Null while it lasts. */
export function contractOver(lastDay: string | undefined, now: number): number | null {
  if (lastDay === undefined) return null;
  const over = Date.parse(`${lastDay}T00:00:00Z`) + dayMs;
  return over <= now ? over : null;
}
