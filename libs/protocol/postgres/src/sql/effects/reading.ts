import type { Node } from 'libpg-query';
import type { Facts, OutputColumn, Understanding } from '@sallyport/domain-model';
import { quiet, type Draft } from '../control.ts';
import { Findings } from '../findings.ts';
import { Lineage } from '../lineage/lineage.ts';
import { Names, type Named, type NameScope } from '../names.ts';
import { Walk } from '../walk.ts';

/** One statement while it is read: what a handler writes its answer to. */
export class StatementDraft {
  readonly scope: NameScope;
  readonly names: Names;
  readonly found = new Findings();
  readonly control: Draft = quiet();
  facts: { -readonly [Key in keyof Facts]: Facts[Key] } = { kind: 'UNKNOWN' };
  outputs: readonly OutputColumn[] | null = [];
  /** Set for SET and RESET: the setting, so that the shape can leave out everything else. */
  setting: string | null = null;
  readonly #text: string;
  readonly #inner: (node: Node) => { readonly means: Understanding; readonly draft: StatementDraft };

  constructor(scope: NameScope, text: string, inner: (node: Node) => { means: Understanding; draft: StatementDraft }) {
    this.scope = scope;
    this.names = new Names(scope.catalogue, scope.searchPath);
    this.#text = text;
    this.#inner = inner;
  }

  get text(): string {
    return this.#text;
  }

  /** Walks a query (or any expressions) and records what it does. */
  walk(value: unknown): void {
    const walk = new Walk(this.names, this.found);
    walk.node(value);
    walk.finish();
  }

  /** Walks a query and follows its columns; what it stores is recorded. */
  follow(query: Node | undefined): readonly OutputColumn[] | null {
    this.walk(query);
    const lineage = new Lineage(this.names);
    const columns = lineage.query(query);
    this.found.stored.push(...lineage.stored);
    if (lineage.changes < this.found.changes) this.found.stored.push({ sources: [], proven: false });
    return columns?.map((column) => ({ sources: column.sources, proven: column.proven })) ?? null;
  }

  /** Understands a statement that stands inside this one (EXPLAIN, PREPARE, COPY, DECLARE). */
  inside(node: Node): { readonly means: Understanding; readonly draft: StatementDraft } {
    return this.#inner(node);
  }

  relation(range: { schemaname?: string; relname?: string } | undefined): Named {
    return this.names.relation(range?.schemaname, range?.relname ?? '');
  }
}

/** One handler for each type of statement. */
export type Handler<Body> = (body: Body, draft: StatementDraft) => void;
