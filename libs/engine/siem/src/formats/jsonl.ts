import type { EventRecord } from '../read-record.ts';

/**
 * One line with the exact stored bytes, with its line end. `event` is the last member and holds the bytes as they are: what stands between
 * `"event":` and the last `}` has the SHA-256 that the line tells, as long as nobody writes the JSON anew. Bytes that are no event, or
 * that a line cannot hold, are in `bytes` as base64 instead; bytes that are gone are null there. A checkpoint is a line with `note` and without `leaf`. Sealed session keys are in those bytes: this format is for archives.
 */
export function jsonl({ stored, note, sha256, event }: EventRecord): string {
  if (note !== null) return `${JSON.stringify({ checkpoint: stored.proof, signed: new Date(stored.receivedAt).toISOString(), note })}\n`;
  const head = `{"leaf":${stored.leaf},"received":"${new Date(stored.receivedAt).toISOString()}","sha256":${JSON.stringify(sha256)}${stored.proof === undefined ? '' : `,"checkpoint":${JSON.stringify(stored.proof)}`}`;
  if (stored.bytes === null) return `${head},"bytes":null}\n`;
  const text = Buffer.from(stored.bytes.buffer, stored.bytes.byteOffset, stored.bytes.byteLength);
  return event === null || text.includes(0x0a) || text.includes(0x0d) ? `${head},"bytes":"${text.toString('base64')}"}\n` : `${head},"event":${text.toString('utf8')}}\n`;
}
