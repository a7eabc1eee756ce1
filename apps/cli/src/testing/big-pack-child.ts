import { createHash } from 'node:crypto';
import { EventChain, type On, type Who } from '@sallyport/domain-events';
import { uuidv7 } from '@sallyport/domain-model';
import { CompactRange, formatVerifierKey, leafHash, noteSigner, signCheckpoint, signingKeyOf, signNote } from '@sallyport/engine-evidence';
import { everything } from '@sallyport/engine-examiner';
import { makePack } from '../pack/make-pack.ts';
import type { PackSource, StoredLeaf } from '../pack/pack-source.ts';

// Makes a pack of as many leaves as it is told, in a process of its own whose heap somebody has limited. Prints what came of it as JSON.

const leaves = Number(process.argv[2] ?? '1000');
const perSession = 100;
const name = 'log.big.test';
const signer = noteSigner(name, signingKeyOf(new Uint8Array(createHash('sha256').update('big').digest())));
const producer = { id: 'gateway', epoch: uuidv7() };
const who: Who = { id: 'machine:nightly', npid: 'nightly', iss: 'https://issuer.test', tok: 'a'.repeat(64), jti: null, owner: 'alice' };
const on: On = { target: 'ledger-db', kind: 'postgres', env: 'production' };
const authority = { policy: 3, slice: 'slice', lease: 'lease', approval: null };
const began = Date.UTC(2026, 10, 20, 9);
const key = { kek: '0'.repeat(16), epk: 'AA', iv: 'AA', wrapped: 'AA' };

/** Events outside of the heap, and their leaf hashes. */
const stored: Buffer[] = [];
const hashes = Buffer.alloc(leaves * 32);
const tree = new CompactRange();
for (let i = 0, chain: EventChain | null = null; i < leaves; i++) {
  const at = i % perSession;
  const last = at === perSession - 1 || i === leaves - 1;
  const stamp = { id: uuidv7(began + i), pseq: i + 1, wall: `${new Date(began + i).toISOString().slice(0, -1)}000Z`, monoUs: i };
  if (at === 0 || chain === null) chain = new EventChain({ tenant: 'default', sid: uuidv7(began + i), producer }, { who, on });
  const { seq, prev } = chain.head;
  const command = uuidv7(began + i);
  const event = last && at > 0
    ? chain.write('session.closed', { final_seq: seq, head: prev, by: 'client', why: 'terminated', commands: at - 1, denied: 0, held: 0, rows: 0, bytes: 0 }, stamp)
    : at === 0
      ? chain.write('session.opened', { protocol: 'postgres', role: null, source: '10.0.0.7', client: 'psql', evidence: 'strict', lease: 'l', policy: 3, mask_plan: null, key }, stamp)
      : chain.write('command.decided', { command, decision: 'allow', verb: 'read', reading: 'whole', effects: ['read ledger.customers'], shape: 'select name, balance from ledger.customers where id = $1', fingerprint: null, kind: 'SELECT', rules: ['reads'], say: null }, stamp, authority);
  stored.push(event);
  const hash = leafHash(event);
  hashes.set(hash, i * 32);
  tree.append(hash);
}

const source: PackSource = {
  checkpoint: (most, how) => Promise.resolve(most !== null || how === 'stamped' ? null : { note: signCheckpoint({ origin: `${name}/1`, size: leaves, root: tree.root() }, signer), origin: `${name}/1`, size: leaves, key: formatVerifierKey(signer.key), timestamps: [] }),
  tile: (level, index, width) => Promise.resolve(Buffer.concat(Array.from({ length: width }, (_, i) => subtree(256 ** level, index * 256 + i)))),
  leaves: (from, limit) => Promise.resolve(stored.slice(from, from + limit).map((bytes, i): StoredLeaf => ({ leaf: from + i, received: new Date(began + from + i).toISOString(), bytes, openings: [] }))),
  policy: (version) => Promise.resolve({ version, digest: 'set-3', files: [] }),
  sign: ({ origin, manifest }) => Promise.resolve(signNote(`sallyport.dev/pack/v1\n${origin}\n${manifest}\n`, signer)),
};

function subtree(size: number, index: number): Uint8Array {
  if (size === 1) return hashes.subarray(index * 32, index * 32 + 32);
  const range = new CompactRange();
  for (let at = index * size; at < (index + 1) * size; at++) range.append(hashes.subarray(at * 32, at * 32 + 32));
  return range.root();
}

let heap = 0;
let resident = 0;
const watch = setInterval(() => {
  const { heapUsed, rss } = process.memoryUsage();
  heap = Math.max(heap, heapUsed);
  resident = Math.max(resident, rss);
}, 50);
const start = performance.now();
const made = await makePack(source, { period: { from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z' }, scope: everything, seed: 'big', sample: 25, withhold: [], generator: { name: 'sallyport', version: 'test' }, madeAt: '2026-11-22T00:00:00Z' });
clearInterval(watch);
console.log(JSON.stringify({ verdict: made.report.verdict, leaves: made.leaves, seconds: Math.round((performance.now() - start) / 100) / 10, heapMiB: Math.round(heap / 2 ** 20), rssMiB: Math.round(resident / 2 ** 20), packMiB: Math.round(made.bytes.length / 2 ** 20), faults: made.report.faults.slice(0, 3) }));
