import { createHash } from 'node:crypto';
import { EventChain, opened } from '@sallyport/domain-events';
import { uuidv7 } from '@sallyport/domain-model';
import { gunzip, parseEnvelope, parseManifest, readArchive, verifyPack } from '@sallyport/engine-evidence';
import { examine, factOf, packTexts, parseScope, prepare } from '@sallyport/engine-examiner';
import { describe, expect, it } from 'vitest';
import { packStory, type PackStory } from '../testing/pack-story.ts';
import { leafRange } from './leaf-range.ts';
import { makePack, type PackOrder } from './make-pack.ts';
import type { PackSource } from './pack-source.ts';

const order = (change: Partial<PackOrder> = {}): PackOrder => ({ period: { from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z' }, scope: parseScope('all'), seed: 'examiner', sample: 25, withhold: [], generator: { name: 'sallyport', version: 'test' }, madeAt: '2026-11-22T00:00:00Z', ...change });
const filesOf = async (pack: Uint8Array) => new Map(readArchive(await gunzip(pack, 2 ** 24)).map(({ path, bytes }) => [path, Buffer.from(bytes)]));
const exceptionsOf = (made: Awaited<ReturnType<typeof makePack>>, id: string) => made.results.find(({ control }) => control.id === id)?.exceptions.rows;
const at = (story: PackStory, leaf: number) => story.stored[leaf]?.received ?? '';

describe('a pack', { timeout: 180_000 }, () => {
  it('holds the whole story, verifies, and has every control, the summary, the policies and the mappings', async () => {
    const story = packStory();
    const made = await makePack(story, order());
    expect(made.report.faults).toEqual([]);
    expect(made.report).toMatchObject({ verdict: 'ok', sessions: 2, manifest: { chains: 'all', leaves: { from: 0, to: story.stored.length }, counts: { withheld: 0 }, policies: [{ version: 3, digest: 'set-3', file: 'policy/v3.json' }], seed: 'examiner' } });
    expect(made.report.manifest?.controls).toHaveLength(20);
    const files = await filesOf(made.bytes);
    expect(files.get('extra/summary.pdf')?.subarray(0, 5).toString()).toBe('%PDF-');
    expect(files.get('mappings.json')?.toString()).toContain('"pci-dss"');
    expect(files.get('controls/EP-07/result.csv')?.toString()).toContain('bob');
    for (const id of ['EP-07', 'EP-10', 'EP-11', 'EP-13']) expect(exceptionsOf(made, id)).toEqual([]);
  });

  it('says nothing that cannot be computed again from its own leaves', async () => {
    const story = packStory();
    for (const scope of ['all', 'machine=nightly']) {
      const files = await filesOf((await makePack(story, order({ scope: parseScope(scope) }))).bytes);
      const manifest = parseManifest(files.get('manifest.json') ?? Buffer.alloc(0));
      const openings = Map.groupBy(openingsIn(files), ([leaf]) => leaf);
      const facts = (files.get('leaves.jsonl')?.toString() ?? '').split('\n').flatMap((line) => {
        const [, leaf, event] = /^\{"i":(\d+),"event":"([^"]+)"\}$/.exec(line) ?? [];
        const bytes = Buffer.from(event ?? '', 'base64');
        return event === undefined ? [] : [factOf(Number(leaf), createHash('sha256').update(bytes).digest('hex'), opened(parseEnvelope(bytes), (openings.get(Number(leaf)) ?? []).map(([, disclosure]) => disclosure)).event)];
      });
      const again = prepare({ facts, period: manifest.period, leaves: manifest.leaves, scope: manifest.scope, seed: manifest.seed ?? '', sample: parseInt(manifest.filters['sample'] ?? '', 10), log: null });
      const texts = packTexts(again, examine(again));
      // EP-13 tells what the verifier found, which is another program.
      const computed = texts.controls.filter(({ id }) => id !== 'EP-13');
      expect(computed).toHaveLength(19);
      for (const { id, result, exceptions, narrative, query } of computed) expect(['result.csv', 'exceptions.csv', 'narrative.md', 'query.sql'].map((name) => files.get(`controls/${id}/${name}`)?.toString())).toEqual([result, exceptions, narrative, query]);
    }
  });

  it('is the same bytes when it is made again', async () => {
    const story = packStory();
    const [one, two] = [await makePack(story, order()), await makePack(story, order())];
    expect(Buffer.from(one.bytes).equals(two.bytes)).toBe(true);
  });

  it('is signed only by telling of the export', async () => {
    const story = packStory();
    const { leaves } = await makePack(story, order({ scope: parseScope('machine=nightly') }));
    expect(story.exports).toEqual([{ origin: 'log.cli.test/1', manifest: expect.stringMatching(/^[0-9a-f]{64}$/), scope: 'machine=nightly', from: 0, to: story.stored.length, count: leaves.shown }]);
  });

  it('of a scope shows others\' leaves as hashes, says so, and still verifies', async () => {
    const story = packStory();
    const made = await makePack(story, order({ scope: parseScope('machine=nightly') }));
    expect(made.report).toMatchObject({ verdict: 'ok', sessions: 1, manifest: { chains: 'sessions', counts: { withheld: 3 } } });
    const files = await filesOf(made.bytes);
    expect(files.get('redactions.csv')?.toString()).toContain('outside of the scope machine=nightly');
    const shown = (files.get('leaves.jsonl')?.toString() ?? '').split('\n').flatMap((line) => /"event":"([^"]+)"/.exec(line)?.[1] ?? []).map((event) => Buffer.from(event, 'base64').toString());
    expect(shown.some((event) => event.includes('machine:nightly'))).toBe(true);
    for (const text of [...shown, ...[...files].filter(([path]) => path !== 'extra/summary.pdf').map(([, bytes]) => bytes.toString())]) expect(text).not.toContain('machine:other');
  });

  it('of a part of the time names the sessions that it cuts, and proves that the log only grew', async () => {
    const story = packStory();
    story.firstCheckpoint = 4;
    const made = await makePack(story, order({ period: { from: at(story, 6), to: at(story, 12) } }));
    expect(made.leaves).toMatchObject({ from: 6, to: 12 });
    expect(made.report.faults).toEqual([]);
    expect(made.report.manifest).toMatchObject({ checkpoints: { from: { size: 4 } }, sessions: { open_after: [expect.any(String)], begun_before: [expect.any(String)] } });
    expect(exceptionsOf(made, 'EP-11')).toEqual([]);
  });

  it('of a time without events is empty and verifies', async () => {
    const made = await makePack(packStory(), order({ period: { from: '2027-01-01T00:00:00Z', to: '2027-02-01T00:00:00Z' } }));
    expect(made.report).toMatchObject({ verdict: 'ok', manifest: { counts: { leaves: 0 } } });
  });

  it('of a ledger that was altered says so in EP-13 and in its verdict', async () => {
    const story = packStory();
    const victim = story.stored.find(({ bytes }) => Buffer.from(bytes).includes('allow'));
    if (victim === undefined) throw new Error('no story');
    const read = story.leaves.bind(story);
    const altered = Buffer.from(Buffer.from(victim.bytes).toString().replace('allow', 'alloW'));
    story.leaves = async (from, limit) => (await read(from, limit)).map((leaf) => (leaf.leaf === victim.leaf ? { ...leaf, bytes: altered } : leaf));
    const made = await makePack(story, order());
    expect(made.report.verdict).toBe('tampered');
    expect(exceptionsOf(made, 'EP-13')?.map(([kind]) => kind)).toContain('root');
  });

  it('of a period of which a part was purged has hashes for it, says so, and verifies; what is gone besides makes none', async () => {
    const story = packStory();
    const producer = { id: 'evidence', epoch: uuidv7() };
    const own = new EventChain({ tenant: 'default', sid: producer.epoch, producer }, { who: null, on: null });
    story.append(own.write('retention.purged', { table: 'event_body_202611', class: 'events', from: '', to: '', delivered: 99, leaves: [[0, 5]], part: 1, parts: 1 }, { id: uuidv7(), pseq: 1, wall: '2026-11-20T12:00:00.000000Z', monoUs: 1 }), []);
    const read = story.leaves.bind(story);
    const without = (gone: (leaf: number) => 'purged' | 'missing' | null): PackSource => ({
      checkpoint: story.checkpoint.bind(story), tile: story.tile.bind(story), policy: story.policy.bind(story), sign: story.sign.bind(story),
      leaves: async (from, limit) => (await read(from, limit)).map((one) => {
        const why = gone(one.leaf);
        return why === null ? one : { leaf: one.leaf, received: one.received, gone: why };
      }),
    });
    const made = await makePack(without((leaf) => (leaf < 5 ? 'purged' : null)), order());
    expect(made.report.faults).toEqual([]);
    expect(made.report).toMatchObject({ verdict: 'ok', manifest: { chains: 'parts', counts: { withheld: 5 } } });
    expect(made.report.notes).toContain('5 of the withheld leaves were purged by policy, as a retention.purged of this pack says');
    expect((await filesOf(made.bytes)).get('redactions.csv')?.toString()).toContain('0,5,"events, hash only",purged: its retention was over');
    await expect(makePack(without((leaf) => (leaf < 5 ? 'purged' : leaf === 7 ? 'missing' : null)), order())).rejects.toMatchObject({ code: 'incomplete', message: 'the ledger has no event of leaf 7, and it was not purged' });
  });

  it('is not made when the ledger has fewer leaves than the log', async () => {
    const story = packStory();
    const read = story.leaves.bind(story);
    story.leaves = async (from, limit) => (limit === 1 ? read(from, limit) : (await read(from, limit)).filter(({ leaf }) => leaf !== 7));
    await expect(makePack(story, order())).rejects.toMatchObject({ code: 'incomplete', exit: 21 });
  });

  it('samples by the root of the checkpoint when nobody names a seed', async () => {
    const made = await makePack(packStory(), order({ seed: null }));
    expect(made.report.manifest?.seed).toBe(made.report.manifest?.checkpoints.to.root);
  });

  it('verifies for somebody else, with a key of their own', async () => {
    const made = await makePack(packStory(), order());
    expect((await verifyPack(made.bytes, { keys: [made.key] })).verdict).toBe('ok');
    expect((await verifyPack(made.bytes, { keys: [] })).verdict).toBe('untrusted');
  });
});

describe('the leaves of a period', () => {
  it('are found by when the ledger took them, at any border', async () => {
    const story = packStory();
    const size = story.stored.length;
    for (let from = 0; from < size; from++) for (let to = from; to < size; to += 3) expect(await leafRange(story, { from: at(story, from), to: at(story, to) }, size)).toEqual({ from: firstAt(story, from), to: firstAt(story, to) });
  });
});

const firstAt = (story: PackStory, leaf: number) => story.stored.findIndex(({ received }) => received >= at(story, leaf));

describe('a pack that withholds', () => {
  const withhold = [{ what: 'person', reason: 'asked for by the works council' }];

  it('has neither the names nor what opens them in any file, says why, and verifies', async () => {
    const made = await makePack(packStory(), order({ withhold }));
    expect(made.report).toMatchObject({ verdict: 'ok', manifest: { fields: { opened: 0, withheld: 5 } } });
    const files = await filesOf(made.bytes);
    const names = /olga|bob(?![a-z])/;
    for (const [path, bytes] of files) if (path !== 'extra/summary.pdf') expect(decoded(path, bytes), path).not.toMatch(names);
    expect(files.get('redactions.csv')?.toString()).toMatch(/field d\.by of approval\.voted, 1 time",asked for by the works council/);
    expect(made.report.notes.join()).toContain('withheld: d.by of approval.granted (1)');
    expect(exceptionsOf(made, 'EP-07')?.map(([why]) => why)).toEqual(['not shown: another person than the owner']);
    expect(exceptionsOf(made, 'EP-17')).toEqual([]);
  });
  it('opens the rest, which is computed with', async () => {
    const made = await makePack(packStory(), order({ withhold: [{ what: 'approval.granted/d.by', reason: 'r' }] }));
    expect(made.report).toMatchObject({ verdict: 'ok', manifest: { fields: { opened: 4, withheld: 1 } } });
    const files = await filesOf(made.bytes);
    expect(files.get('controls/EP-07/result.csv')?.toString()).toContain('bob');
  });
  it('says of what could not be opened that it could not', async () => {
    const story = packStory();
    const read = story.leaves.bind(story);
    story.leaves = async (from, limit) => (await read(from, limit)).map((leaf) => ({ ...leaf, openings: [] }));
    const made = await makePack(story, order());
    expect(made.report.verdict).toBe('ok');
    expect((await filesOf(made.bytes)).get('redactions.csv')?.toString()).toContain('could not be opened');
  });
});

/** Leaves and openings as what they hold. */
function decoded(path: string, bytes: Buffer): string {
  const text = bytes.toString();
  if (path === 'leaves.jsonl') return text.replaceAll(/"event":"([^"]+)"/g, (_, event: string) => Buffer.from(event, 'base64').toString());
  if (path === 'openings.jsonl') return text.replaceAll(/"open":"([^"]+)"/g, (_, open: string) => Buffer.from(open, 'base64url').toString());
  return text;
}

function openingsIn(files: ReadonlyMap<string, Buffer>): (readonly [leaf: number, disclosure: string])[] {
  return [...(files.get('openings.jsonl')?.toString() ?? '').matchAll(/^\{"i":(\d+),"open":"([^"]+)"\}$/gm)].map(([, leaf, disclosure]) => [Number(leaf), disclosure ?? '']);
}
