import { sha256 } from '../merkle/sha256.ts';
import { packVersion } from './manifest.ts';

/** The text that the log's key signs for a pack: SPEC.md 3.4. Its second line is no number, so that it is never taken for a checkpoint. */
export function packNoteText(origin: string, manifest: Uint8Array): string {
  return `${packVersion}\n${origin}\n${hex(sha256(manifest))}\n`;
}

export function hex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}
