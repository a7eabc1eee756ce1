import type { Fact } from '@sallyport/engine-examiner';
import type { ArchiveFile, PackPolicy } from '@sallyport/engine-evidence';
import type { PackSource } from './pack-source.ts';

/** Every policy version that the events rest on or that came into force among them, with its text where it is still kept. */
export async function policiesOf(source: PackSource, facts: readonly Fact[]): Promise<{ readonly policies: readonly PackPolicy[]; readonly files: readonly ArchiveFile[] }> {
  const versions = new Set<number>();
  const digests = new Map<number, string>();
  for (const { type, auth, d } of facts) {
    if (auth !== null && auth.policy !== null) versions.add(auth.policy);
    if (type !== 'policy.activated' || !('version' in d) || typeof d.version !== 'number') continue;
    versions.add(d.version);
    if ('digest' in d && typeof d.digest === 'string') digests.set(d.version, d.digest);
  }
  const policies: PackPolicy[] = [];
  const files: ArchiveFile[] = [];
  for (const version of [...versions].sort((a, b) => a - b)) {
    const found = await source.policy(version);
    // A text under another digest than the ledger tells is not the one that was in force.
    const fits = found !== null && (digests.get(version) ?? found.digest) === found.digest;
    const path = `policy/v${version}.json`;
    if (fits) files.push({ path, bytes: Buffer.from(`${JSON.stringify({ version, digest: found.digest, files: found.files }, null, 1)}\n`) });
    policies.push({ version, digest: digests.get(version) ?? found?.digest ?? '', file: fits ? path : null });
  }
  return { policies, files };
}
