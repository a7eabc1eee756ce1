import { z } from 'zod';
import { defaultClasses, parseClasses } from './retention/classes.ts';
import { parseAuthority } from './timestamp/authority.ts';
import { parseWitnesses } from './witness/parse-witnesses.ts';

/** What `parse` makes of a text that may be absent; the RangeError that it throws is told. */
const parsed = <T>(parse: (text: string) => T) =>
  z.string().default('').transform((text, context) => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue(error instanceof RangeError ? error.message : 'it cannot be read');
      return z.NEVER;
    }
  });

const seconds = (fallback: number) => z.coerce.number().min(1).max(86_400).default(fallback);

/** What the service takes from its environment besides what every service takes. */
export const evidenceConfig = z.object({
  SALLYPORT_DSN: z.string(),
  /** PEM file: X25519 private key that session keys are sealed to. */
  SALLYPORT_READER_KEY: z.string(),
  /** PEM file, mode 600: Ed25519 private key that checkpoints of the log are signed with. Either this or a signer. */
  SALLYPORT_LOG_KEY: z.string().min(1).optional(),
  /** `unix:/path`: socket of a program that has that key and signs with it, so that this process never does (`sallyport log signer`). */
  SALLYPORT_LOG_SIGNER: z.string().regex(/^unix:\//, 'expected unix:/path').optional(),
  /** The key that follows, a PEM file or `unix:/path`: while it is set, both sign. */
  SALLYPORT_LOG_KEY_NEXT: z.string().min(1).optional(),
  /** Name of the log, and of its key in signatures. Unlike any other log's, for ever: a host name of yours and a path. */
  SALLYPORT_LOG_ORIGIN: z.string().regex(/^[a-z0-9][a-z0-9./-]{2,200}$/, 'lower-case letters, digits, dots, dashes and slashes').optional(),
  /** Witnesses that cosign checkpoints: `url=vkey` each, with white space between them. None if absent. */
  SALLYPORT_WITNESSES: parsed(parseWitnesses),
  /** Timestamp authority (RFC 3161) for checkpoints, every ten minutes in which the log has grown: its URL, a space, and the PEM file of its CA. None if absent. */
  SALLYPORT_TSA: parsed(parseAuthority),
  /** Retention classes, `events=7y standard=13m …`: how long events are kept, and the texts of sessions by the class that their target names. */
  SALLYPORT_RETENTION: parsed((text) => parseClasses(text === '' ? defaultClasses : text)),
  /** Directory, mode 700, of the keys of days; `sealing-keys` in SALLYPORT_STATE if absent. Its copies must not outlive what they open. */
  SALLYPORT_SEALING_KEYS: z.string().min(1).optional(),
  /** Seconds after which a missing number of a producer is told. Longer than the stream takes to deliver again (10 s). */
  SALLYPORT_EVIDENCE_GAP: seconds(30),
  /** Seconds after which open sessions of a producer that has started anew are abandoned. */
  SALLYPORT_EVIDENCE_REPLACED: seconds(30),
  /** Seconds of silence (three heartbeats) after which open sessions of a producer are abandoned. */
  SALLYPORT_EVIDENCE_SILENT: seconds(90),
}).refine((read) => (read.SALLYPORT_LOG_KEY === undefined) !== (read.SALLYPORT_LOG_SIGNER === undefined), { path: ['SALLYPORT_LOG_KEY'], message: 'either this or SALLYPORT_LOG_SIGNER, and not both' });
export type EvidenceConfig = z.infer<typeof evidenceConfig>;
