import { LRUCache } from 'lru-cache';
import type { Node, RawStmt } from 'libpg-query';
import { gravest, type OutputColumn, type Understanding } from '@sallyport/domain-model';
import type { SessionControl } from './control.ts';
import { readStatement, templated } from './effects/index.ts';
import { StatementDraft } from './effects/reading.ts';
import { lexingCost, maxLexingCost } from './lexing-cost.ts';
import { largestStatement, maxStatements, TooCostly, TooDeep, usualStatement } from './limits.ts';
import { weight } from './weight.ts';
import { merge } from './lineage/flow.ts';
import type { NameScope } from './names.ts';
import { loadParser as load, ParseFault, type Parser } from './parser.ts';
import { shapeOf } from './shape.ts';
import { Recent } from './recent.ts';
import { template } from './template.ts';
import { typeOf } from './tree.ts';
import { useParser } from './views.ts';

/** One statement of a string that a client sent. */
export interface Statement {
  /** Its own part of the string, without the semicolon and surrounding white space. */
  readonly text: string;
  readonly means: Understanding;
  readonly control: SessionControl;
}

/** Empty for a text without a statement. */
export type StatementSet = readonly Statement[];

/** Nothing of it may be forwarded. `say` names places, never text. */
export interface Unreadable {
  readonly code: 'unreadable' | 'too-large';
  readonly say: string;
}

export function isUnreadable(answer: StatementSet | Unreadable): answer is Unreadable {
  return 'code' in answer;
}

/** Loads the parser, once for the process. A StatementReader needs it. */
export async function loadParser(): Promise<Parser> {
  const parser = await load();
  useParser(parser);
  return parser;
}

export interface ReaderLimits {
  /** UTF-8 bytes of a text; default `usualStatement`. */
  readonly maxBytes?: number;
  /** Texts kept, and templates kept, for each version of the scope; default 10 000. */
  readonly cacheSize?: number;
}

/** Longer texts are read anew each time. */
const maxCachedText = 16 * 1024;
/** Characters of text kept for one version. */
const maxCachedChars = 8 * 1024 * 1024;
const maxVersions = 32;

interface Shelf {
  readonly texts: Recent<StatementSet>;
  readonly templates: Recent<Statement>;
}

/**
 * What SQL text means: one Statement for each statement of it, with everything that it does. Answers are cached by text, and for
 * plain SELECT, INSERT, UPDATE and DELETE also by the text without its literals, where nothing depends on them.
 *
 * The answer holds for a session with standard_conforming_strings on and UTF-8 as client encoding: the caller pins both.
 */
export class StatementReader {
  readonly #parser: Parser;
  readonly #maxBytes: number;
  readonly #cacheSize: number;
  readonly #shelves = new LRUCache<number, Shelf>({ max: maxVersions });
  #version = Number.NaN;
  #shelf: Shelf;

  constructor(parser: Parser, limits: ReaderLimits = {}) {
    this.#parser = parser;
    this.#maxBytes = limits.maxBytes ?? usualStatement;
    this.#cacheSize = limits.cacheSize ?? 10_000;
    this.#shelf = this.#makeShelf();
  }

  /** Never throws: what it cannot read, it says so. */
  read(text: string, scope: NameScope): StatementSet | Unreadable {
    const shelf = this.#shelfOf(scope.version);
    const known = shelf.texts.get(text);
    if (known) return known;
    const key = template(text);
    const like = key === null ? undefined : shelf.templates.get(key);
    if (like) return [{ text: unclosed(text), means: like.means, control: like.control }];
    return this.#readAnew(text, key, scope, shelf);
  }

  #readAnew(text: string, key: string | null, scope: NameScope, shelf: Shelf): StatementSet | Unreadable {
    const refused = this.#refuse(text);
    if (refused) return refused;
    try {
      const drafts = this.#drafts(text, key, scope);
      const set: StatementSet = Object.freeze(drafts.map((each) => each.statement));
      const only = drafts.length === 1 ? drafts[0] : undefined;
      if (drafts.some((each) => each.draft.found.dependsOnSession)) return set;
      if (text.length <= maxCachedText) shelf.texts.set(text, set);
      if (only && key !== null && templated.has(only.type) && !only.draft.found.dependsOnLiterals) shelf.templates.set(key, only.statement);
      return set;
    } catch (error) {
      if (error instanceof ParseFault) return unparsed(error);
      if (error instanceof TooCostly) return { code: 'too-large', say: 'the statement names too many columns of too many tables at once' };
      if (error instanceof TooMany) return { code: 'too-large', say: `the text holds more than ${maxStatements} statements: send them in smaller batches` };
      if (error instanceof TooDeep || error instanceof RangeError) return { code: 'unreadable', say: 'the statement is nested too deeply' };
      // A form of the tree that we did not expect. It is safe to go on: the statement is refused, and nothing is remembered.
      return { code: 'unreadable', say: 'the statement is of a form that is not understood' };
    }
  }

  #refuse(text: string): Unreadable | null {
    const out = 'send rows with COPY or in smaller batches, large values as parameters';
    if (text.length > largestStatement || Buffer.byteLength(text) > largestStatement) return { code: 'too-large', say: `the statement is longer than ${largestStatement} bytes: ${out}` };
    const heavy = weight(text);
    if (heavy > this.#maxBytes) return { code: 'too-large', say: `the statement has ${heavy} bytes besides long literals and comments, ${this.#maxBytes} are read: ${out}` };
    if (text.includes('\0')) return { code: 'unreadable', say: 'the statement contains a NUL character' };
    // A lone surrogate has no UTF-8: what the server got was not this text.
    if (!text.isWellFormed()) return { code: 'unreadable', say: 'the statement is not valid text' };
    if (lexingCost(text) > maxLexingCost) return { code: 'unreadable', say: 'the statement has too long runs of operator characters' };
    return null;
  }

  #drafts(text: string, key: string | null, scope: NameScope): readonly Read[] {
    const statements = this.#parser.parse(text).stmts ?? [];
    if (statements.length > maxStatements) throw new TooMany();
    const slice = slicer(text);
    return statements.map((raw) => this.#one(raw, { whole: text, text: slice(raw), key: statements.length === 1 ? key : null }, scope));
  }

  #one(raw: RawStmt, source: Source, scope: NameScope): Read {
    const node = raw.stmt;
    const type = typeOf(node);
    const { draft, means } = this.#understand(node, source, scope);
    const { found, control } = draft;
    control.changesSettings = found.changesSettings;
    control.setsSearchPath = found.setsSearchPath;
    control.changesCatalogue = found.changesCatalogue;
    return { type, draft, statement: Object.freeze({ text: source.text, means, control: Object.freeze(control) }) };
  }

  #understand(node: Node | undefined, source: Source, scope: NameScope): { readonly draft: StatementDraft; readonly means: Understanding } {
    const draft: StatementDraft = new StatementDraft(scope, source.whole, (inner) => this.#understand(inner, source, scope));
    const type = typeOf(node);
    const body: unknown = node === undefined ? {} : Object.values(node)[0];
    readStatement(type, body, draft);
    return { draft, means: this.#meaning(draft, source) };
  }

  #meaning(draft: StatementDraft, source: Source): Understanding {
    const { found } = draft;
    // Nothing touched (select 1): still an effect, so that policy has something to say yes to.
    if (found.effects.length === 0) found.add('read', 'session', null, 'constants');
    const changes = found.bounded + found.unbounded;
    if (changes > 0 && draft.facts.hasWhere === undefined && draft.facts.kind !== 'EXPLAIN') draft.facts.hasWhere = found.unbounded === 0;
    const stored = storedBy(found.stored);
    const effects = Object.freeze(found.effects.map((effect) => Object.freeze({ verb: effect.verb, resource: Object.freeze(effect.resource) })));
    return Object.freeze({
      verb: gravest(effects),
      effects,
      reading: found.reading,
      shape: this.#shape(draft, source),
      fingerprint: this.#fingerprint(source.text),
      facts: Object.freeze(draft.facts),
      outputs: draft.outputs && Object.freeze(draft.outputs.map(frozen)),
      ...(stored ? { stores: stored } : {}),
    });
  }

  // Attributes for grouping: a statement that parses but is too deep for these has the least of them.
  #shape(draft: StatementDraft, source: Source): string {
    const { kind } = draft.facts;
    try {
      return shapeOf(this.#parser, source.text, kind, draft.setting, source.key);
    } catch {
      return `${kind} …`;
    }
  }

  #fingerprint(text: string): string | null {
    try {
      return this.#parser.fingerprint(text);
    } catch {
      return null;
    }
  }

  #shelfOf(version: number): Shelf {
    if (version === this.#version) return this.#shelf;
    let shelf = this.#shelves.get(version);
    if (!shelf) this.#shelves.set(version, (shelf = this.#makeShelf()));
    this.#version = version;
    this.#shelf = shelf;
    return shelf;
  }

  #makeShelf(): Shelf {
    return { texts: new Recent(this.#cacheSize, maxCachedChars), templates: new Recent(this.#cacheSize, maxCachedChars) };
  }
}

class TooMany extends Error {
  readonly code = 'ERR_TOO_MANY_STATEMENTS';
}

interface Source {
  /** The whole string: positions in the tree count from its start. */
  readonly whole: string;
  readonly text: string;
  /** The template of a text of one statement. */
  readonly key: string | null;
}

interface Read {
  readonly type: string;
  readonly draft: StatementDraft;
  readonly statement: Statement;
}

function frozen(column: OutputColumn): OutputColumn {
  return Object.freeze({ sources: Object.freeze([...column.sources]), proven: column.proven });
}

/** Nothing for constants: only columns' values, or what may be one, are worth telling. */
function storedBy(flows: readonly OutputColumn[]): OutputColumn | null {
  const all = merge(flows);
  return all.sources.length > 0 || !all.proven ? frozen(all) : null;
}

function unparsed(fault: ParseFault): Unreadable {
  const at = fault.position === null ? '' : ` at character ${fault.position}`;
  if (fault.why === 'depth') return { code: 'unreadable', say: 'the statement is nested too deeply' };
  if (fault.why === 'engine') return { code: 'unreadable', say: 'the parser is being restarted; try again' };
  return { code: 'unreadable', say: `the statement cannot be parsed: syntax error${at}` };
}

/** Positions are bytes of UTF-8; a text of ASCII is cut without making bytes of it. */
function slicer(text: string): (raw: RawStmt) => string {
  const bytes = Buffer.byteLength(text) === text.length ? null : Buffer.from(text);
  return (raw) => {
    const start = raw.stmt_location ?? 0;
    const end = raw.stmt_len ? start + raw.stmt_len : undefined;
    return (bytes ? bytes.subarray(start, end).toString() : text.slice(start, end)).trim();
  };
}

/** One statement without white space around it and without its semicolon. Only for texts that have a template: no comment ends them. */
function unclosed(text: string): string {
  const cut = text.trim();
  return cut.endsWith(';') ? cut.slice(0, -1).trim() : cut;
}
