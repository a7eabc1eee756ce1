import { generateKeyPairSync } from 'node:crypto';
import { CompactRange, fullTileHash, leafHash, noteSigner, signCheckpoint, signingKeyFromPem, tileWidth } from '@sallyport/engine-evidence';
import type { StoredEvent } from '@sallyport/engine-siem';
import type { LeafSource, SignedHead } from '../deliver/leaf-source.ts';

/** A ledger in memory, with its log signed: what the evidence service would tell the sinks. */
export interface SmallLog extends LeafSource {
  leaves: StoredEvent[];
  heads: SignedHead[];
  /** The hashes, which stay when bytes go. */
  hashes: Uint8Array[];
  add(...bytes: Uint8Array[]): void;
  sign(epoch?: number): SignedHead;
}

export function smallLog(): SmallLog {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  const signer = noteSigner('log.example', signingKeyFromPem(String(pem)));
  const self: SmallLog = {
    leaves: [], heads: [], hashes: [],
    add(...many) {
      for (const bytes of many) {
        self.leaves.push({ leaf: self.leaves.length, bytes, receivedAt: Date.UTC(2026, 10, 23, 4) });
        self.hashes.push(leafHash(bytes));
      }
    },
    sign(epoch = 1) {
      const tree = new CompactRange();
      tree.appendAll(self.hashes);
      const [origin, size, root] = [`log.example/${epoch}`, tree.size, tree.root()];
      const head = { epoch, origin, size, root: Buffer.from(root).toString('base64'), note: signCheckpoint({ origin, size, root }, signer), signedAt: Date.UTC(2026, 10, 23, 4) };
      self.heads.push(head);
      return head;
    },
    read: (from, limit) => Promise.resolve({ size: self.leaves.length, leaves: self.leaves.slice(from, from + Math.min(limit, 100)) }),
    checkpoints: ({ epoch, size }) => Promise.resolve(self.heads.filter((head) => head.epoch > epoch || (head.epoch === epoch && head.size > size)).slice(0, 3)),
    tile: (level, index, width) => Promise.resolve(tileAt(self.hashes, level, index, width)),
  };
  return self;
}

function tileAt(hashes: readonly Uint8Array[], level: number, index: number, width: number): Uint8Array {
  const entry = (i: number): Uint8Array => (level === 0 ? (hashes[index * tileWidth + i] ?? new Uint8Array()) : fullTileHash(tileAt(hashes, level - 1, index * tileWidth + i, tileWidth)));
  return Buffer.concat(Array.from({ length: width }, (_, i) => entry(i)));
}
