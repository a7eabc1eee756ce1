import pg from 'pg';

/** Microseconds from 1970 to 2000, where PostgreSQL's time begins. */
const epochMicros = 946_684_800_000_000n;
const header = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const trailer = Buffer.from([0xff, 0xff]);

/** Rows in PostgreSQL's binary COPY format. Source: PostgreSQL 18, COPY, "Binary Format". */
export class Rows {
  #bytes = Buffer.allocUnsafe(1024 * 1024);
  #used = 0;

  constructor() {
    this.#used = header.copy(this.#bytes);
  }

  /** Begins a row of so many fields; they follow in order. */
  row(fields: number): this {
    this.#room(2);
    this.#used = this.#bytes.writeInt16BE(fields, this.#used);
    return this;
  }

  none(): this {
    return this.#length(-1);
  }

  uuid(text: string): this {
    this.#length(16);
    this.#used += this.#bytes.write(text.replaceAll('-', ''), this.#used, 16, 'hex');
    return this;
  }

  bigint(value: number): this {
    this.#length(8);
    this.#used = this.#bytes.writeBigInt64BE(BigInt(value), this.#used);
    return this;
  }

  text(value: string | null): this {
    return value === null ? this.none() : this.bytea(Buffer.from(value));
  }

  bytea(value: Uint8Array): this {
    this.#length(value.byteLength);
    this.#bytes.set(value, this.#used);
    this.#used += value.byteLength;
    return this;
  }

  /** Microseconds since 1970. */
  moment(micros: number | null): this {
    if (micros === null) return this.none();
    this.#length(8);
    this.#used = this.#bytes.writeBigInt64BE(BigInt(micros) - epochMicros, this.#used);
    return this;
  }

  /** All rows; those that come are new ones. */
  take(): Buffer {
    const taken = Buffer.concat([this.#bytes.subarray(0, this.#used), trailer]);
    this.#used = header.length;
    return taken;
  }

  #length(bytes: number): this {
    this.#room(4 + Math.max(bytes, 0));
    this.#used = this.#bytes.writeInt32BE(bytes, this.#used);
    return this;
  }

  #room(bytes: number): void {
    if (this.#used + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#used + bytes));
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }
}

/** What the driver's connection can do, of which its types tell nothing. */
interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** One COPY FROM STDIN, in the form in which the driver takes statements that are not its own. */
class CopyIn implements pg.Submittable {
  readonly done: Promise<void>;
  readonly #text: string;
  readonly #rows: Buffer;
  #settle: (error: Error | null) => void = () => undefined;
  #error: Error | null = null;

  constructor(text: string, rows: Buffer) {
    this.#text = text;
    this.#rows = rows;
    this.done = new Promise((resolve, reject) => {
      this.#settle = (error) => (error === null ? resolve() : reject(error));
    });
  }

  submit(connection: pg.Connection): void {
    connection.query(this.#text);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    connection.sendCopyFromChunk(this.#rows);
    connection.endCopyFrom();
  }

  handleCommandComplete(): void {
    // The end is told when the server is ready again.
  }

  handleError(error: Error): void {
    this.#error = error;
    this.#settle(error);
  }

  handleReadyForQuery(): void {
    if (this.#error === null) this.#settle(null);
  }
}

/** Tables that are filled side by side, each on a connection of its own, in the order of what is given. */
export class Copier {
  readonly #clients: ReadonlyMap<string, pg.Client>;

  private constructor(clients: ReadonlyMap<string, pg.Client>) {
    this.#clients = clients;
  }

  static async open(dsn: string, tables: readonly string[]): Promise<Copier> {
    const clients = await Promise.all(tables.map(async (table) => {
      const client = new pg.Client({ connectionString: dsn });
      await client.connect();
      return [table, client] as const;
    }));
    return new Copier(new Map(clients));
  }

  async copy(table: string, columns: string, rows: Buffer): Promise<void> {
    const client = this.#clients.get(table);
    if (client === undefined) throw new Error(`${table} was not opened`);
    const copy = new CopyIn(`copy evidence.${table} (${columns}) from stdin (format binary)`, rows);
    client.query(copy);
    await copy.done;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.end()));
  }
}
