import type { Entry } from './entry.ts';
import { indexRow, words } from './index-row.ts';

/**
 * A batch in the shape that the database's `append` takes: all bytes in one value with places in it, and PostgreSQL array literals made by
 * joining, so that neither the driver nor the database handles an event's bytes as text.
 */
export interface Batch {
  readonly pack: Buffer;
  readonly ids: string;
  readonly sids: string;
  readonly seqs: string;
  readonly producers: string;
  readonly epochs: string;
  readonly pseqs: string;
  readonly types: string;
  readonly whos: string;
  readonly targets: string;
  readonly walls: string;
  readonly offs: string;
  readonly lens: string;
  readonly commands: string;
  readonly denied: string;
  readonly held: string;
  readonly rows: string;
  readonly bytes: string;
  readonly blobOf: string;
  readonly blobOffs: string;
  readonly blobLens: string;
  readonly states: string;
}

export function packBatch(entries: readonly Entry[]): Batch {
  const parts: Uint8Array[] = [];
  let at = 0;
  const place = (bytes: Uint8Array) => {
    parts.push(bytes);
    at += bytes.byteLength;
    return at - bytes.byteLength;
  };
  const offs = entries.map(({ bytes }) => place(bytes));
  const blobs = entries.flatMap((entry, i) => entry.blobs.map((blob) => ({ of: i + 1, off: place(blob), len: blob.byteLength })));
  const rows = entries.map(({ event }) => indexRow(event));
  const events = entries.map(({ event }) => event);
  return {
    pack: Buffer.concat(parts, at),
    ids: array(events.map(({ id }) => id)),
    sids: array(events.map(({ sid }) => sid)),
    seqs: array(events.map(({ seq }) => seq)),
    producers: array(events.map(({ prod }) => prod.id)),
    epochs: array(events.map(({ prod }) => prod.epoch)),
    pseqs: array(events.map(({ prod }) => prod.pseq)),
    types: array(events.map(({ type }) => type)),
    whos: array(events.map(({ who }) => quoted(who?.id))),
    targets: array(events.map(({ on }) => quoted(on?.target))),
    walls: array(events.map(({ t }) => t.wall)),
    offs: array(offs),
    lens: array(entries.map(({ bytes }) => bytes.byteLength)),
    commands: array(rows.map((row) => row.commands)),
    denied: array(rows.map((row) => row.denied)),
    held: array(rows.map((row) => row.held)),
    rows: array(rows.map((row) => row.rows)),
    bytes: array(rows.map((row) => row.bytes)),
    blobOf: array(blobs.map(({ of }) => of)),
    blobOffs: array(blobs.map(({ off }) => off)),
    blobLens: array(blobs.map(({ len }) => len)),
    states: JSON.stringify(rows.flatMap(({ state }, i) => (state === null ? [] : [{ i: i + 1, ...state }]))),
  };
}

/** Values that hold no comma, quote, brace or backslash: ids, numbers, times, and names whose form was checked. */
const array = (values: readonly (string | number)[]): string => `{${values.join(',')}}`;

const quoted = (value: string | undefined): string => (value === undefined ? 'NULL' : `"${words(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`);
