import type { MaskAction } from '@sallyport/domain-model';
import { parseDocument, type ClassificationDocument } from '@sallyport/platform-config';

export const column = (name: string, tag: string, action: MaskAction = 'redact') => ({ column: name, tag, action });

export interface Raw {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly target: string; readonly columns: readonly unknown[] } & Record<string, unknown>;
}

/** A document as it comes from a file. */
export const raw = (name: string, target: string, columns: readonly unknown[], more: Record<string, unknown> = {}): Raw => ({
  apiVersion: 'sallyport/v1', kind: 'Classification', metadata: { name }, spec: { target, columns, ...more },
});

/** The same, parsed. */
export function parsed(...args: Parameters<typeof raw>): ClassificationDocument {
  const result = parseDocument(raw(...args));
  if (!result.ok || result.document.kind !== 'Classification') throw new Error('not a Classification');
  return result.document;
}
