import { createHash } from 'node:crypto';
import { uuidv7 } from '@sallyport/domain-model';
import { EventChain } from '@sallyport/domain-events';
import { CompactRange, formatVerifierKey, leafHash, noteSigner, signCheckpoint, signingKeyOf, signNote, verifyPack, writePack, type PackLeaf, type RangeProof } from '../src/index.ts';

// How long it takes to write and to verify a pack of so many events, and how large it is: `node --conditions=@sallyport/source bench/pack.ts 100000`.

const count = Number(process.argv[2] ?? 100_000);
const signer = noteSigner('log.bench.test', signingKeyOf(new Uint8Array(createHash('sha256').update('bench').digest())));
const producer = { id: 'gw-1', epoch: uuidv7() };
const own = new EventChain({ tenant: 'default', sid: producer.epoch, producer }, { who: null, on: null });
const tree = new CompactRange();
const leaves: PackLeaf[] = [];
const say = 'x'.repeat(Math.max(0, Number(process.argv[3] ?? 600)));
for (let i = 0; i < count; i++) {
  const event = own.write('service.stopped', { service: 'bench', why: say }, { id: uuidv7(), pseq: i + 1, wall: '2026-11-22T10:00:00.000001Z', monoUs: i });
  tree.append(leafHash(event));
  leaves.push({ index: i, event });
}
const range: RangeProof = { from: 0, to: count, size: count, left: [], right: [] };
const checkpointTo = signCheckpoint({ origin: 'log.bench.test/1', size: count, root: tree.root() }, signer);
const of = { tenant: 'default', scope: 'bench', period: { from: '2026-11-22T00:00:00Z', to: '2026-11-23T00:00:00Z' }, filters: {}, checkpointFrom: null, checkpointTo, consistency: [], range, leaves, chains: 'all', sessions: { begunBefore: [], openAfter: [] }, controls: [], policies: [], mappings: '{}', redactions: [], keys: [], seed: null, generator: { name: 'bench', version: '1' }, madeAt: '2026-11-23T00:00:00Z', files: [] } as const;

const began = performance.now();
const pack = await writePack(of, (text) => signNote(text, signer));
const written = performance.now();
const { verdict } = await verifyPack(pack, { keys: [formatVerifierKey(signer.key)] });
const verified = performance.now();
console.log(`${count} events of ${leaves[0] !== undefined && 'event' in leaves[0] ? leaves[0].event.length : 0} bytes: pack ${(pack.length / 1e6).toFixed(1)} MB, written in ${((written - began) / 1000).toFixed(2)} s, ${verdict} in ${((verified - written) / 1000).toFixed(2)} s, at most ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
