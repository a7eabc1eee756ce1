/** Rows as the research's bench made them, as PostgreSQL DataRow messages in chunks of 64 KiB; the same seed gives the same bytes. */
import type { CellType } from '@sallyport/domain-model';

let seed = 42;
const below = (n: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 4294967296) * n);
};
const pick = (list: readonly string[]): string => list[below(list.length)] ?? '';
const repeat = (n: number, make: () => string, between = ''): string => Array.from({ length: n }, make).join(between);
const digits = (n: number): string => repeat(n, () => String(below(10)));
const hex = (n: number): string => repeat(n, () => below(16).toString(16));
const two = (n: number): string => String(n).padStart(2, '0');
const words = 'customer called about delivery window and asked to change the address before shipping refund approved by manager ticket escalated waiting for feedback invoice attached no further action required'.split(' ');
const text = (n: number): string => repeat(n, () => pick(words), ' ');
const uuid = (): string => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
const time = (): string => `2026-${two(1 + below(12))}-${two(1 + below(28))} ${two(below(24))}:${two(below(60))}:${digits(2)}.${digits(6)}+00`;

function luhn(number: string): boolean {
  let sum = 0;
  [...number].reverse().forEach((digit, i) => {
    const value = Number(digit) * (i % 2 === 1 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  });
  return sum % 10 === 0;
}
function card(): string {
  for (;;) {
    const number = `4${digits(15)}`;
    if (luhn(number)) return below(2) === 1 ? number : number.replace(/(.{4})(?!$)/g, '$1 ');
  }
}
function iban(): string {
  const bban = digits(18);
  const check = 98n - (BigInt(`${bban}131400`) % 97n);
  return `DE${String(check).padStart(2, '0')}${bban}`;
}

const first = ['Anna', 'Piotr', 'Maria', 'Jürgen', 'Chloé', 'Liam', 'Olivia', 'Noah', 'Søren', 'Zofia'];
const last = ['Nowak', 'Müller', 'Garcia', 'Smith', 'Rossi', 'Dubois', 'Kowalska', 'Jensen', 'Novak', 'Silva'];
const ascii = (name: string): string => name.normalize('NFD').replace(/[^\x20-\x7e]/g, '');

export interface RowSet {
  readonly name: string;
  readonly columns: readonly (readonly [name: string, type: CellType])[];
  /** Columns that get a rule in the column-rule runs. */
  readonly tagged: readonly string[];
  row(): string[];
}

export const crm: RowSet = {
  name: 'crm',
  columns: [
    ['id', 'number'], ['uid', 'uuid'], ['full_name', 'text'], ['email', 'text'], ['phone', 'text'], ['city', 'text'], ['iban', 'text'], ['status', 'text'], ['balance', 'number'], ['vip', 'boolean'],
    ['created_at', 'temporal'], ['updated_at', 'temporal'], ['notes', 'text'],
  ],
  tagged: ['full_name', 'email', 'phone', 'iban'],
  row() {
    const f = pick(first);
    const l = pick(last);
    const k = below(100);
    const more = k < 3 ? ` card ${card()} on file` : k < 5 ? ` ssn 123-45-${1000 + below(8999)}` : k < 8 ? ` reply to ${ascii(f)}@example.org` : '';
    return [
      digits(7), uuid(), `${f} ${l}`, ascii(`${f}.${l}${below(999)}@example.com`), `+48 ${digits(3)} ${digits(3)} ${digits(3)}`, pick(['Warszawa', 'Berlin', 'Paris', 'Lyon']), iban(),
      pick(['active', 'closed']), `${below(90000)}.${digits(2)}`, 't', time(), time(), text(12) + more,
    ];
  },
};

export const plain: RowSet = {
  name: 'plain',
  columns: [['id', 'number'], ['uid', 'uuid'], ['kind', 'text'], ['region', 'text'], ['host', 'text'], ['value', 'number'], ['ok', 'boolean'], ['at', 'temporal'], ['message', 'text']],
  tagged: ['host'],
  row: () => [
    digits(7), uuid(), pick(['http', 'db', 'queue']), pick(['eu-west-1', 'us-east-1']), `node-${below(500)}`, `${below(90000)}.${digits(4)}`, 'f', time(),
    `request ${hex(8)} finished in ${below(900)} ms: ${text(14)}`,
  ],
};

/** About `megabytes` of DataRow messages: 'D', length, count of fields, and length and bytes of each. */
export function chunks(set: RowSet, megabytes: number): { readonly chunks: Buffer[]; readonly bytes: number; readonly rows: number } {
  const rows = Array.from({ length: 4000 }, () => message(set.row().map((cell) => Buffer.from(cell))));
  const all: Buffer[] = [];
  let chunk: Buffer[] = [];
  let size = 0;
  let bytes = 0;
  let count = 0;
  for (; bytes < megabytes * 1e6; count++) {
    const row = rows[count % rows.length] ?? Buffer.alloc(0);
    if (size + row.length > 65536) {
      all.push(Buffer.concat(chunk));
      chunk = [];
      size = 0;
    }
    chunk.push(row);
    size += row.length;
    bytes += row.length;
  }
  all.push(Buffer.concat(chunk));
  return { chunks: all, bytes, rows: count };
}

function message(cells: readonly Buffer[]): Buffer {
  const out = Buffer.alloc(7 + cells.reduce((sum, cell) => sum + 4 + cell.length, 0));
  out[0] = 0x44;
  out.writeInt32BE(out.length - 1, 1);
  out.writeInt16BE(cells.length, 5);
  let at = 7;
  for (const cell of cells) {
    out.writeInt32BE(cell.length, at);
    cell.copy(out, at + 4);
    at += 4 + cell.length;
  }
  return out;
}
