import { describe, expect, it } from 'vitest';
import { TileStore } from '../testing/tile-store.ts';
import { CompactRange } from './compact-range.ts';
import { emptyRoot, leafHash, nodeHash } from './hash.ts';
import { proveConsistency, proveInclusion } from './proofs.ts';
import { verifyConsistency, verifyInclusion } from './verify-proofs.ts';

// The published vectors of the Certificate Transparency reference implementation
// (transparency-dev/merkle: testonly/constants.go, testonly/reference_test.go, rfc6962/rfc6962_test.go).

const data = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((text) => Buffer.from(text, 'hex'));
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const leafHashes = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
  '0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7',
  '07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7',
  'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  '4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658',
  'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f',
  '46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1',
];
const inner: Record<string, string> = {
  '1/0': 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  '1/1': '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
  '1/2': '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
  '1/3': 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
  '2/0': 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '2/1': '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  '3/0': '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
};
const inclusion = [
  { index: 0, size: 1, proof: [] },
  { index: 0, size: 2, proof: [leafHashes[1]] },
  { index: 1, size: 2, proof: [leafHashes[0]] },
  { index: 2, size: 3, proof: [inner['1/0']] },
  { index: 1, size: 5, proof: [leafHashes[0], inner['1/1'], leafHashes[4]] },
  { index: 0, size: 8, proof: [leafHashes[1], inner['1/1'], inner['2/1']] },
  { index: 5, size: 8, proof: [leafHashes[4], inner['1/3'], inner['2/0']] },
];
const consistency = [
  { from: 1, to: 1, proof: [] },
  { from: 1, to: 8, proof: [leafHashes[1], inner['1/1'], inner['2/1']] },
  { from: 2, to: 5, proof: [inner['1/1'], leafHashes[4]] },
  { from: 6, to: 8, proof: [inner['1/2'], inner['1/3'], inner['2/0']] },
];

const store = new TileStore();
const visited: Record<string, string> = {};
const leaves = data.map(leafHash);
store.grow(leaves);
new CompactRange().appendAll(leaves, (level, index, hash) => (visited[`${level}/${index}`] = hex(hash)));

describe('the vectors of the Certificate Transparency reference implementation', () => {
  it('are met by the hashes of leaf and node', () => {
    expect(leaves.map(hex)).toEqual(leafHashes);
    // The examples of rfc6962_test.go: an empty leaf, a leaf, a node of two short "hashes" (ours refuses those, so only the leaves).
    expect(hex(leafHash(Buffer.from('L123456')))).toBe('395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56');
    expect(hex(emptyRoot())).toBe(roots[0]);
    expect(() => nodeHash(Buffer.from('N123'), Buffer.from('N456'))).toThrowError(expect.objectContaining({ code: 'ERR_TREE_HASH' }));
  });

  it('are met by every root', async () => {
    const range = new CompactRange();
    const grown = [hex(range.root())];
    for (const leaf of leaves) {
      range.append(leaf);
      grown.push(hex(range.root()));
    }
    expect(grown).toEqual(roots);
    for (const [size, root] of roots.entries()) expect(hex(await store.source().root(size))).toBe(root);
  });

  it('are met by every node that the compact range forms', () => {
    expect(visited).toEqual(inner);
  });

  it('are met by inclusion proofs, which verify', async () => {
    for (const { index, size, proof } of inclusion) {
      const made = await proveInclusion(store.source(), index, size);
      expect(made.map(hex)).toEqual(proof);
      verifyInclusion({ index, size, leaf: at(leaves, index), proof: made, root: unhex(roots[size]) });
    }
  });

  it('are met by consistency proofs, which verify', async () => {
    for (const { from, to, proof } of consistency) {
      const made = await proveConsistency(store.source(), from, to);
      expect(made.map(hex)).toEqual(proof);
      verifyConsistency({ from, to, oldRoot: unhex(roots[from]), newRoot: unhex(roots[to]), proof: made });
    }
  });
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function unhex(text = ''): Uint8Array {
  return Buffer.from(text, 'hex');
}

function at<T>(list: readonly T[], index: number): T {
  const one = list[index];
  if (one === undefined) throw new Error(`nothing at ${index}`);
  return one;
}
