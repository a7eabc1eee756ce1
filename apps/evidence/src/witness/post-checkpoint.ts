import { cosignatureVerifier, formatSignature, NoteError, parseNote, parseSignature, type NoteSignature, type VerifierKey } from '@sallyport/engine-evidence';
import type { WitnessAddress } from './parse-witnesses.ts';

/** What a witness has answered. `cosigned` holds a line that was verified; `at` is the size that it cosigned last. */
export type WitnessAnswer = { readonly is: 'cosigned'; readonly line: string } | { readonly is: 'at'; readonly size: number } | { readonly is: 'inconsistent' } | { readonly is: 'other'; readonly why: string };

const patienceMs = 10_000;
const longestAnswer = 64 * 1024;

/** Asks once (C2SP tlog-witness). Throws what fetch throws when there is no answer. @param note the checkpoint that the body is about */
export async function postCheckpoint({ url, key }: WitnessAddress, body: string, note: string): Promise<WitnessAnswer> {
  const response = await fetch(new URL('add-checkpoint', url), { method: 'POST', body, headers: { 'content-type': 'text/plain' }, redirect: 'error', signal: AbortSignal.timeout(patienceMs) });
  const answer = await textOf(response);
  if (answer === null) return { is: 'other', why: 'its answer is too long' };
  switch (response.status) {
    case 200: {
      const line = ownLine(key, answer, note);
      return line === null ? { is: 'other', why: 'its answer has no cosignature of its key' } : { is: 'cosigned', line };
    }
    case 409: {
      const [, digits] = /^(0|[1-9]\d{0,15})\n$/.exec(answer) ?? [];
      const size = Number(digits);
      return Number.isSafeInteger(size) ? { is: 'at', size } : { is: 'other', why: 'it answers 409 without a size' };
    }
    case 422:
      return { is: 'inconsistent' };
    default:
      return { is: 'other', why: `it answers ${response.status}` };
  }
}

/** The line of the witness's own key, if it verifies. Lines of other keys are passed over. */
function ownLine(key: VerifierKey, answer: string, note: string): string | null {
  const { text } = parseNote(note);
  const verifier = cosignatureVerifier(key);
  const own = answer.split('\n').slice(0, 100).map(signatureOf).find((signature) => signature?.name === key.name && signature.keyId === key.keyId && verifier.verify(text, signature.signature));
  return own === undefined || own === null ? null : formatSignature(own);
}

function signatureOf(line: string): NoteSignature | null {
  try {
    return parseSignature(line);
  } catch (error) {
    if (error instanceof NoteError) return null;
    throw error;
  }
}

/** Null as soon as it is too long. */
async function textOf(response: Response): Promise<string | null> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > longestAnswer) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
