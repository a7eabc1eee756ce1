import { CompactRange } from '../merkle/compact-range.ts';
import { sameHash } from '../merkle/hash.ts';
import type { Checkpoint } from '../note/checkpoint.ts';
import { parseLogOrigin } from '../note/log-origin.ts';
import { collector, reportOf, type Report } from './faults.ts';
import { keyring } from './keyring.ts';
import { openSignedCheckpoint } from './open-signed.ts';
import type { NamedNote } from './verify-growth.ts';

interface Kept extends Checkpoint {
  readonly name: string;
  readonly epoch: number;
}

/** When a leaf was written, as its own event says (RFC 3339), or null where its body is gone. */
type Written = string | null;

/**
 * Holds a live ledger, leaf by leaf, against checkpoints that were kept elsewhere: by a witness, a SIEM, a time stamp, an examiner. It says which leaves are not there,
 * and between which two checkpoints the others stopped being those that were signed; what exactly was changed, chains may know. Memory does not grow with the ledger.
 *
 * A ledger that was set back goes on under a new epoch of the log's origin, on the leaves that it still had. Checkpoints of the old epoch over leaves that are lost
 * do not agree with it, and are named: that evidence is gone, whoever did it and however openly it was told.
 */
export class LedgerLog {
  readonly #collected = collector();
  readonly #notes: string[] = [];
  readonly #kept: Kept[];
  readonly #tree = new CompactRange();
  /** The last checkpoint that agreed, and the first that did not. */
  #agreed: Kept | null = null;
  #broken: Kept | null = null;
  #since: Written = null;
  #last: Written = null;
  #next = 0;
  /** Into #kept: what is before it was compared. */
  #compared = 0;
  #hole = false;

  /** @param notes signed checkpoints, by names that a person knows them by. Throws `NoteError` for a key that is no vkey. */
  constructor(notes: readonly NamedNote[], keys: readonly string[]) {
    const trusted = keyring(keys);
    this.#kept = notes
      .flatMap(({ name, bytes }) => {
        const opened = openSignedCheckpoint(bytes, name, trusted, this.#collected.say);
        return opened === null || opened.opened.signers.length === 0 ? [] : [{ ...opened.checkpoint, name, epoch: parseLogOrigin(opened.checkpoint.origin)?.epoch ?? 0 }];
      })
      .sort((a, b) => a.size - b.size || a.epoch - b.epoch);
    this.#twoRoots();
  }

  /** One leaf of the ledger, in its order. */
  add(index: number, hash: Uint8Array, written: Written): void {
    if (index > this.#next) {
      const what = index === this.#next + 1 ? `leaf ${this.#next} is` : `leaves ${this.#next} to ${index - 1} are`;
      this.#collected.say('missing-leaf', `${what} not in the ledger${between(this.#last, written)}`, { leaf: this.#next });
      this.#hole = true;
    } else if (index < this.#next) {
      this.#collected.say('leaf', `leaf ${index} is there twice, or out of order`, { leaf: index });
      this.#hole = true;
    }
    this.#next = Math.max(this.#next, index + 1);
    if (!this.#hole) {
      if (this.#tree.size === (this.#agreed?.size ?? 0)) this.#since = written;
      this.#tree.append(hash);
      this.#compare();
    }
    this.#last = written ?? this.#last;
  }

  finish(): Report {
    const lost = this.#kept.filter(({ size }) => size > this.#next);
    const first = lost[0];
    if (first !== undefined) {
      const most = Math.max(...lost.map(({ size }) => size));
      this.#collected.say('missing-leaf', `the ledger ends after ${this.#next} leaves; ${first.name} was signed over ${most === first.size ? first.size : `${first.size}, others over up to ${most}`}: what came after ${this.#last ?? 'its last leaf'} is gone`, { leaf: this.#next, file: first.name });
    }
    const unheld = this.#hole ? this.#kept.filter(({ size }) => size > this.#tree.size && size <= this.#next).length : 0;
    if (unheld > 0) this.#notes.push(`${unheld} checkpoints over more than ${this.#tree.size} leaves could not be held against the ledger, since leaves before them are missing`);
    const agreed = this.#agreed;
    if (agreed !== null) this.#notes.push(`the first ${agreed.size} leaves are those of ${agreed.name} (${agreed.origin})`);
    const above = this.#next - (this.#kept.at(-1)?.size ?? 0);
    if (this.#broken === null && above > 0) this.#notes.push(`${above} leaves are newer than the newest checkpoint that was given: for them only chains and counters speak`);
    return reportOf(this.#collected.faults, this.#notes);
  }

  #compare(): void {
    for (let kept = this.#kept[this.#compared]; kept !== undefined && kept.size <= this.#tree.size; kept = this.#kept[++this.#compared]) {
      if (kept.size < this.#tree.size) continue;
      if (sameHash(this.#tree.root(), kept.root)) this.#agreed = kept;
      else this.#differs(kept);
    }
  }

  /** Only the first is told at length: all later ones of its epoch cover the same leaves. */
  #differs(kept: Kept): void {
    if (this.#broken !== null) return void this.#notes.push(`${kept.name} does not agree either (${kept.size} leaves, ${kept.origin})`);
    this.#broken = kept;
    const from = this.#agreed?.size ?? 0;
    const known = this.#agreed === null ? 'no checkpoint before it was given' : `${this.#agreed.name} over ${from} still agrees`;
    this.#collected.say('root', `the first ${kept.size} leaves are not those that ${kept.name} was signed over; ${known}: among leaves ${from} to ${kept.size - 1}${this.#since === null ? '' : `, written since ${this.#since},`} something was changed, added, removed or put in another order`, { leaf: from, file: kept.name });
  }

  /** Two signed roots for one size need no ledger to be a forgery of the log's. */
  #twoRoots(): void {
    for (const [i, kept] of this.#kept.entries()) {
      const before = this.#kept[i - 1];
      if (before?.origin === kept.origin && before.size === kept.size && !sameHash(before.root, kept.root)) this.#collected.say('fork', `${before.name} and ${kept.name} give the same ${kept.size} leaves of ${kept.origin} two roots: the log's key has signed two histories`, { file: kept.name });
    }
  }
}

function between(before: Written, after: Written): string {
  if (before === null && after === null) return '';
  return ` (${before === null ? '' : `after ${before}`}${before !== null && after !== null ? ', ' : ''}${after === null ? '' : `before ${after}`})`;
}
