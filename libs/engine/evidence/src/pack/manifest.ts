import { hashLength } from '../merkle/hash.ts';
import { isSize } from '../merkle/sizes.ts';
import { fromBase64, fromUtf8 } from '../note/text.ts';
import { PackError } from './pack-error.ts';

/** What a pack says of itself: SPEC.md 3.3. */
export interface Manifest {
  readonly version: typeof packVersion;
  readonly tenant: string;
  readonly origin: string;
  readonly scope: string;
  readonly period: { readonly from: string; readonly to: string };
  readonly filters: Readonly<Record<string, string>>;
  readonly checkpoints: { readonly from: PackHead | null; readonly to: PackHead };
  readonly leaves: { readonly from: number; readonly to: number };
  readonly counts: { readonly leaves: number; readonly events: number; readonly withheld: number };
  /** Fields that the shown events conceal: how many of them the pack opens. Absent in packs of the first edition, which open none. */
  readonly fields?: { readonly opened: number; readonly withheld: number };
  readonly chains: DisclosedChains;
  readonly sessions: { readonly begun_before: readonly string[]; readonly open_after: readonly string[] };
  readonly controls: readonly PackControlCount[];
  readonly policies: readonly PackPolicy[];
  readonly seed: string | null;
  readonly generator: { readonly name: string; readonly version: string };
  readonly made_at: string;
  readonly files: Readonly<Record<string, string>>;
}

/** A checkpoint's size and root (base64). */
export interface PackHead {
  readonly size: number;
  readonly root: string;
}

/** Which chains are disclosed whole: all that are shown at all, those that are sessions, or none. */
export type DisclosedChains = 'all' | 'sessions' | 'parts';

export interface PackControlCount {
  /** `EP-01` … */
  readonly id: string;
  readonly results: number;
  readonly exceptions: number;
}

export interface PackPolicy {
  readonly version: number;
  readonly digest: string;
  /** Under `policy/`; null when its text is not in the pack. */
  readonly file: string | null;
}

export const packVersion = 'sallyport.dev/pack/v1';

/** As it stands in the archive: for people too, hence the white space. */
export function formatManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Throws `PackError` (`ERR_PACK_MANIFEST`), naming the member. Members that this version does not know are let be. */
export function parseManifest(bytes: Uint8Array): Manifest {
  const text = fromUtf8(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    refuse('it is not JSON');
  }
  const of = record(value, 'the manifest');
  for (const [name, test] of Object.entries(form)) if (!test(of[name])) refuse(`${name} is not what it must be`);
  return value as Manifest;
}

type Test = (value: unknown) => boolean;

const text: Test = (value) => typeof value === 'string';
const size: Test = (value) => typeof value === 'number' && isSize(value);
const texts: Test = (value) => isRecord(value) && Object.values(value).every(text);
const sids: Test = (value) => Array.isArray(value) && value.every(text);
const moment: Test = (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(value);
const root: Test = (value) => typeof value === 'string' && fromBase64(value)?.length === hashLength;
const sha256: Test = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const head: Test = shape({ size, root });
const orNull = (test: Test): Test => (value) => value === null || test(value);
const list = (test: Test): Test => (value) => Array.isArray(value) && value.every(test);

const form = {
  version: (value) => value === packVersion,
  tenant: text,
  origin: text,
  scope: text,
  period: shape({ from: moment, to: moment }),
  filters: texts,
  checkpoints: shape({ from: orNull(head), to: head }),
  leaves: shape({ from: size, to: size }),
  counts: shape({ leaves: size, events: size, withheld: size }),
  fields: (value) => value === undefined || shape({ opened: size, withheld: size })(value),
  chains: (value) => value === 'all' || value === 'sessions' || value === 'parts',
  sessions: shape({ begun_before: sids, open_after: sids }),
  controls: list(shape({ id: (value) => typeof value === 'string' && /^EP-[0-9]{2}$/.test(value), results: size, exceptions: size })),
  policies: list(shape({ version: size, digest: text, file: orNull(text) })),
  seed: orNull(text),
  generator: shape({ name: text, version: text }),
  made_at: moment,
  files: (value) => isRecord(value) && Object.values(value).every(sha256),
} satisfies Record<keyof Manifest, Test>;

function shape(tests: Readonly<Record<string, Test>>): Test {
  return (value) => isRecord(value) && Object.entries(tests).every(([name, test]) => test(value[name]));
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : refuse(`${what} is not an object`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(say: string): never {
  throw new PackError('ERR_PACK_MANIFEST', `not a manifest of version 1: ${say}`);
}
