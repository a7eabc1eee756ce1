import { EventChain } from '@sallyport/domain-events';
import { uuidv7 } from '@sallyport/domain-model';
import { CompactRange, formatVerifierKey, HashSource, leafHash, noteSigner, proveInclusion, proveRange, signCheckpoint, signingKeyOf, signNote, formatTlogProof, writePack } from '@sallyport/engine-evidence';

/** A log of one refused session and a producer's own events, and everything that can be verified of it. */
export async function smallPack() {
  const signer = noteSigner('log.cli.test', signingKeyOf(new Uint8Array(32).fill(7)));
  const events = eventsOf();
  const tree = new CompactRange();
  tree.appendAll(events.map(leafHash));
  const source = new HashSource(tree.size, () => Buffer.concat(events.map(leafHash)));
  const checkpoint = signCheckpoint({ origin: 'log.cli.test/1', size: tree.size, root: tree.root() }, signer);
  const pack = await writePack(
    {
      tenant: 'default',
      scope: 'all of it',
      period: { from: '2026-11-22T00:00:00Z', to: '2026-11-23T00:00:00Z' },
      filters: {},
      checkpointFrom: null,
      checkpointTo: checkpoint,
      consistency: [],
      range: await proveRange(source, 0, tree.size),
      leaves: events.map((event, index) => ({ index, event })),
      chains: 'all',
      sessions: { begunBefore: [], openAfter: [] },
      controls: [],
      policies: [],
      mappings: '{}\n',
      redactions: [],
      keys: [{ name: 'log', vkey: formatVerifierKey(signer.key) }],
      seed: null,
      generator: { name: 'spec', version: '1' },
      madeAt: '2026-11-23T00:00:01Z',
      files: [],
    },
    (text) => signNote(text, signer),
  );
  const proof = formatTlogProof({ index: 1, proof: await proveInclusion(source, 1), checkpoint, extra: null });
  return { pack, key: formatVerifierKey(signer.key), checkpoint, proof, event: events[1] ?? new Uint8Array(), session: Buffer.concat([events[1] ?? new Uint8Array(), Buffer.from('\n')]) };
}

function eventsOf(): Uint8Array[] {
  const producer = { id: 'gw-1', epoch: uuidv7() };
  const stamp = (pseq: number) => ({ id: uuidv7(), pseq, wall: '2026-11-22T10:00:00.000001Z', monoUs: pseq });
  const own = new EventChain({ tenant: 'default', sid: producer.epoch, producer }, { who: null, on: null });
  const session = new EventChain({ tenant: 'default', sid: uuidv7(), producer }, { who: null, on: null });
  return [
    own.write('service.started', { service: 'gateway', version: '0.1.0', node: 'n1' }, stamp(1)),
    session.write('session.refused', { protocol: 'postgres', target: 'ledger-db', code: 'denied', say: 'no entitlement', source: '127.0.0.1' }, stamp(2)),
    own.write('producer.heartbeat', { pseq: 3, sessions: 0 }, stamp(3)),
  ];
}
