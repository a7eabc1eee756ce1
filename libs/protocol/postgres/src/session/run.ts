import type { BoundMasks, ColumnRef, ResultMasker } from '@sallyport/domain-model';
import type { Outcome, Permit } from '@sallyport/protocol-spi';
import type { Statement } from '../sql/index.ts';

/** What a portal has sent before this run. */
export interface Earlier {
  readonly rows: number;
  readonly bytes: number;
}

const nothing: Earlier = { rows: 0, bytes: 0 };

/** One permitted command on its way: counts what comes back and settles its permit when it is over. */
export class CommandRun {
  readonly permit: Permit;
  readonly statement: Statement;
  rows = 0;
  bytes = 0;
  bound: BoundMasks | null = null;
  /** Set when the result was stopped at a limit: nothing more of it reaches the client. */
  cut: 'rows' | 'bytes' | null = null;
  /** Portals up to this serial were bound before it was sent. */
  mark = 0;
  /** True when the result has masks and none of them does anything. */
  clear = false;
  readonly #earlier: Earlier;
  readonly #started = performance.now();
  #settled = false;

  constructor(permit: Permit, statement: Statement, earlier: Earlier = nothing) {
    this.permit = permit;
    this.statement = statement;
    this.#earlier = earlier;
  }

  get over(): boolean {
    return this.#settled;
  }

  /** Binds the masks for a result shape. One run has one shape at a time; counts of an earlier shape would be lost, so it throws. */
  bind(masker: ResultMasker, columns: readonly ColumnRef[]): BoundMasks {
    if (this.bound !== null) throw new Error('a run is bound to one result shape');
    this.bound = masker.bind(columns, { touchesTagged: this.permit.touchesTagged }, this.permit.unmasked);
    this.clear = this.bound.cells.every((mask) => mask === null);
    return this.bound;
  }

  /** Counts one row; false when it is over a limit and must not be relayed. */
  count(bytes: number): boolean {
    if (this.cut !== null) return false;
    const { maxRows, maxBytes } = this.permit.obligations;
    if (maxRows !== null && this.#earlier.rows + this.rows >= maxRows) this.cut = 'rows';
    else if (maxBytes !== null && this.#earlier.bytes + this.bytes + bytes > maxBytes) this.cut = 'bytes';
    else {
      this.rows++;
      this.bytes += bytes;
      return true;
    }
    return false;
  }

  settle(status: Outcome['status'], error: string | null, tagRows: number | null = null): void {
    if (this.#settled) return;
    this.#settled = true;
    this.permit.settle({
      status: this.cut === null ? status : 'cut',
      rows: tagRows !== null && this.rows === 0 ? tagRows : this.rows,
      bytes: this.bytes,
      micros: Math.round((performance.now() - this.#started) * 1000),
      error,
      masked: this.bound?.counts() ?? [],
    });
  }
}
