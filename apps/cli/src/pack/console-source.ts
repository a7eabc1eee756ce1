import { z } from 'zod';
import type { Api } from '../api.ts';
import { Failure } from '../failure.ts';
import { query } from '../query.ts';
import { eventPage } from '../shapes.ts';
import type { GoneLeaf, LogCheckpoint, PackSource, PolicyText, StoredLeaf } from './pack-source.ts';

const token = z.base64().transform((text): Uint8Array => Buffer.from(text, 'base64'));
const checkpoint = z.object({ note: z.string(), origin: z.string(), size: z.number(), key: z.string(), rotations: z.array(z.string()).default([]), timestamps: z.array(z.object({ authority: z.string(), token })).default([]) });
const tile = z.object({ hashes: z.base64() });
const policySet = z.object({ version: z.number(), digest: z.string(), files: z.array(z.object({ name: z.string(), text: z.string() })) });
const signature = z.object({ note: z.string() });

/** The console's API as a source of packs. Reads of events are recorded, each of them. */
export function consoleSource(api: Api): PackSource {
  return {
    checkpoint: (most, how) => unlessNone(api.get(`/v1/log/checkpoint${query({ size: most, stamped: how === 'stamped' ? 'true' : undefined })}`, checkpoint)) satisfies Promise<LogCheckpoint | null>,
    tile: async (level, index, width) => Buffer.from((await api.get(`/v1/log/tile${query({ level, index, width })}`, tile)).hashes, 'base64'),
    // The cursor is the place in the ledger, which counts from 1: the one before the leaf is its index.
    leaves: async (from, limit) => leavesOf(await api.get(`/v1/evidence/events${query({ after: from, limit })}`, eventPage), limit),
    policy: (version) => unlessNone(api.get(`/v1/policy${query({ version })}`, policySet)) satisfies Promise<PolicyText | null>,
    sign: async (exported) => (await api.post('/v1/evidence/exports', exported, signature)).note,
  };
}

/** Far ahead: behind a leaf of which nobody knows when it came, nothing comes. */
const never = '9999-12-31T00:00:00.000Z';

/** Leaves of a page in their order, those without events among them. */
function leavesOf({ events, absent }: z.output<typeof eventPage>, limit: number): (StoredLeaf | GoneLeaf)[] {
  const stored = events.map(({ at, received, bytes, openings }): StoredLeaf => ({ leaf: at - 1, received, openings, bytes: Buffer.from(bytes, 'base64') }));
  const gone: GoneLeaf[] = [];
  for (const { from, to, pruned } of absent) {
    const received = events.find(({ at }) => at >= to)?.received ?? never;
    for (let at = from; at < to && gone.length < limit; at++) gone.push({ leaf: at - 1, received, gone: pruned ? 'purged' : 'missing' });
  }
  return [...stored, ...gone].sort((a, b) => a.leaf - b.leaf).slice(0, limit);
}

async function unlessNone<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Failure && error.code === 'not-found') return null;
    throw error;
  }
}
