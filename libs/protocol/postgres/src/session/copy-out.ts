import type { CellMask, ColumnRef } from '@sallyport/domain-model';
import type { Catalogue, Relation } from '../catalogue/index.ts';
import { MalformedMessageError } from '../messages/malformed.ts';
import type { CopyPlan, Statement } from '../sql/index.ts';
import { cellType, computes } from './columns.ts';
import type { Conversation } from './conversation.ts';
import { joinFields, splitFields, type CopyFormat } from './copy-fields.ts';
import type { CommandRun } from './run.ts';

/**
 * Masks COPY … TO STDOUT in the text and csv formats. COPY tells nothing of its columns (CopyOutResponse has only their number),
 * so they come from the statement: the table's columns by the catalogue, or the query's lineage. What cannot be told is masked
 * whole. The server sends one row a CopyData message (observed for 12 to 18); a message that is not one whole row is refused.
 */
export class CopyMasker {
  readonly #masks: readonly (CellMask | null)[];
  readonly #format: CopyFormat;
  #header: boolean;

  private constructor(masks: readonly (CellMask | null)[], format: CopyFormat, header: boolean) {
    this.#masks = masks;
    this.#format = format;
    this.#header = header;
  }

  /** Null where the session has no mask plan. `start` and `end` enclose the CopyOutResponse: int8 format, int16 columns. */
  static for(run: CommandRun, c: Conversation, bytes: Buffer, start: number, end: number): CopyMasker | null {
    if (c.gate.masker.plan === null) return null;
    const copy = run.statement.control.copy;
    if (copy === null || !isMaskable(copy) || end - start < 3 || bytes[start] !== 0) throw new MalformedMessageError('COPY out that cannot be masked');
    const columns = copyColumns(run.statement, c.scope.catalogue, bytes.readUInt16BE(start + 1));
    const bound = run.bind(c.gate.masker, columns);
    return new CopyMasker(bound.cells, { kind: copy.format === 'csv' ? 'csv' : 'text', delimiter: copy.delimiter, nullText: copy.nullString, quote: copy.quote, escape: copy.escape }, copy.header);
  }

  /** A new CopyData frame, or null when nothing changed. */
  row(bytes: Buffer, start: number, end: number): Buffer | null {
    if (this.#header) {
      this.#header = false;
      return null;
    }
    if (this.#masks.every((mask) => mask === null)) return null;
    const fields = splitFields(bytes, start, end, this.#format);
    if (fields.length !== this.#masks.length) throw new MalformedMessageError('a COPY row has another number of fields than its columns');
    let changed = false;
    const out = fields.map((field, i) => {
      const mask = this.#masks[i];
      if (!mask || field === null) return field;
      const put = mask(field, 0, field.length);
      if (put === undefined) return field;
      changed = true;
      return put === null ? null : Buffer.from(put);
    });
    if (!changed) return null;
    const body = joinFields(out, this.#format);
    const frame = Buffer.allocUnsafe(5 + body.length);
    frame[0] = 0x64;
    frame.writeInt32BE(4 + body.length, 1);
    body.copy(frame, 5);
    return frame;
  }
}

/** Binary rows are not taken apart, and in other encodings than UTF-8 a delimiter's byte may be half of a character. */
export function isMaskable(copy: CopyPlan): boolean {
  return copy.certain && copy.format !== 'binary' && (copy.encoding === null || /^utf-?8$/i.test(copy.encoding));
}

function copyColumns(statement: Statement, catalogue: Catalogue, count: number): ColumnRef[] {
  const copy = statement.control.copy;
  const relation = copy?.relation ? named(catalogue, copy.relation) : undefined;
  const known = relation === undefined ? null : columnsOf(relation, copy?.columns ?? null);
  const outputs = statement.means.outputs;
  return Array.from({ length: count }, (_, i): ColumnRef => {
    const column = known !== null && known.length === count ? known[i] : undefined;
    const lineage = outputs !== null && outputs.length === count ? (outputs[i] ?? null) : null;
    if (relation !== undefined && column !== undefined) {
      return { name: column.name, origin: `${relation.schema}.${relation.name}.${column.name}`, derived: computes(relation), lineage, type: cellType(column.typeOid, catalogue), format: 'text' };
    }
    return { name: `column ${i + 1}`, origin: 'none', lineage, type: 'text', format: 'text' };
  });
}

/** `schema.table`; a schema's name may hold a dot, so every place where it could end is tried. */
function named(catalogue: Catalogue, name: string): Relation | undefined {
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    const found = catalogue.find(name.slice(0, dot), name.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

function columnsOf(relation: Relation, names: readonly string[] | null): Relation['columns'] {
  if (names === null) return relation.columns;
  return names.map((name) => relation.columns.find((column) => column.name === name)).filter((column) => column !== undefined);
}
