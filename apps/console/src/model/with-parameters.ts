import { isUtf8 } from 'node:buffer';
import type { ShownParameters } from '@sallyport/domain-model';
import type { evidenceReplay } from '@sallyport/platform-bus';
import { showParameters as postgres } from '@sallyport/protocol-postgres/show-parameters';
import { z } from 'zod';
import type { sessionReplay } from '../handlers/shapes.ts';

/** How each protocol's bound parameters are shown, by the kind of the event's target. A new protocol that binds any adds a line. */
const shows: Readonly<Record<string, (block: Uint8Array) => ShownParameters>> = { postgres };

const prefix = 'base64:';
const envelope = z.object({ on: z.object({ kind: z.string() }).nullable() });

/**
 * A replay with the bound parameters of its commands as people read them, beside the bytes that the evidence keeps. What types the client had declared is not in
 * the evidence, so binary values show as digits.
 */
export function withParameters({ events, unreadable }: z.output<typeof evidenceReplay.value>): z.output<typeof sessionReplay> {
  return {
    events: events.map(({ bytes, openings, texts }) => ({
      bytes,
      openings,
      texts: texts.map(({ role, text }) => ({ role, text, parameters: role === 'params' && text !== null ? shown(bytes, text) : null })),
    })),
    unreadable,
  };
}

function shown(event: string, text: string): ShownParameters | null {
  const show = shows[kindOf(event) ?? ''];
  // Evidence gives a block that happens to be readable text without the prefix.
  return show === undefined ? null : show(text.startsWith(prefix) ? Buffer.from(text.slice(prefix.length), 'base64') : Buffer.from(text));
}

function kindOf(event: string): string | null {
  const bytes = Buffer.from(event, 'base64');
  if (!isUtf8(bytes)) return null;
  try {
    return envelope.parse(JSON.parse(bytes.toString())).on?.kind ?? null;
  } catch {
    // An event that cannot be read has no protocol; its texts are shown as they are.
    return null;
  }
}
