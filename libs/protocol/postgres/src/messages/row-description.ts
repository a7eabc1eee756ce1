import { Body } from './body.ts';
import { Fields } from './fields.ts';

export interface ResultColumn {
  readonly name: string;
  /** Number of the table the column comes from, 0 when the server says it is computed. */
  readonly tableOid: number;
  /** Number of the column within that table, 0 likewise; negative for system columns. */
  readonly attnum: number;
  readonly typeOid: number;
  /** pg_type.typlen; negative for types of variable width. */
  readonly typeLen: number;
  readonly typeMod: number;
  /** 0 text, 1 binary. In the answer to Describe of a statement always 0: not yet known. */
  readonly format: number;
}

/** RowDescription (B) 'T': Int16 count; each: name, Int32 table, Int16 attribute, Int32 type, Int16 size, Int32 modifier, Int16 format. */
export function readRowDescription(bytes: Buffer, start: number, end: number): ResultColumn[] {
  const fields = new Fields('RowDescription', bytes, start, end);
  const count = fields.uint16('column count');
  const columns: ResultColumn[] = [];
  for (let i = 0; i < count; i++) {
    const column = {
      name: fields.text('column name'),
      tableOid: fields.uint32('table'),
      attnum: fields.int16('attribute'),
      typeOid: fields.uint32('type'),
      typeLen: fields.int16('type size'),
      typeMod: fields.int32('type modifier'),
      format: fields.uint16('format'),
    };
    if (column.format > 1) throw fields.wrong(`the unknown format code ${column.format}`);
    columns.push(column);
  }
  fields.done();
  return columns;
}

export function writeRowDescription(columns: readonly ResultColumn[]): Buffer {
  const body = new Body().int16(columns.length);
  for (const c of columns) body.text(c.name).int32(c.tableOid).int16(c.attnum).int32(c.typeOid).int16(c.typeLen).int32(c.typeMod).int16(c.format);
  return body.frame('T');
}
