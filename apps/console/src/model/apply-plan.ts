import type { z } from 'zod';
import type { policyFile } from '@sallyport/platform-bus';
import { isKind, kindNames, laterKinds, ownerOf } from '@sallyport/platform-config';
import { ApiError } from '../errors/api-error.ts';

export type PolicyFile = z.output<typeof policyFile>;
export type Split = { readonly identity: readonly unknown[]; readonly masking: readonly unknown[]; readonly sinks: readonly unknown[] };

/** Gives each document to the service that owns its kind. Throws `invalid` for a kind that nobody owns: nothing is silently left out. */
export function split(documents: readonly unknown[]): Split {
  const parts: { identity: unknown[]; masking: unknown[]; sinks: unknown[] } = { identity: [], masking: [], sinks: [] };
  documents.forEach((document, i) => {
    const kind = typeof document === 'object' && document !== null && 'kind' in document ? document.kind : undefined;
    if (typeof kind !== 'string') throw new ApiError('invalid', `documents.${i}.kind: is missing`);
    if (laterKinds.includes(kind)) throw new ApiError('invalid', `documents.${i}.kind: ${kind} is not supported by this version; nothing was applied`);
    if (!isKind(kind)) throw new ApiError('invalid', `documents.${i}.kind: ${kind.slice(0, 63)} is none of ${kindNames.join(', ')}`);
    parts[ownerOf(kind)].push(document);
  });
  return parts;
}

/**
 * The policy set that an apply asks for. Without pruning, files are added to those that are there and replace their namesakes: a directory
 * that holds only one team's policies does not remove the others. With pruning the directory is the whole truth.
 */
export function policySet(current: readonly PolicyFile[], given: readonly PolicyFile[], how: 'add' | 'prune'): PolicyFile[] {
  const files = new Map((how === 'prune' ? [] : current).map((file) => [file.name, file]));
  for (const file of given) files.set(file.name, file);
  return [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
