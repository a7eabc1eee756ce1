import { gravest, type Facts, type Understanding } from '@sallyport/domain-model';
import { Findings } from './findings.ts';
import { isAnsible } from './recognise/ansible.ts';
import type { ShellSettings } from './settings.ts';
import type { Place } from './path.ts';
import { unreadableText } from './text.ts';
import { Walker } from './walk.ts';

/** Nothing of it may be forwarded, whatever policy says. */
export interface Unreadable {
  readonly code: 'unreadable' | 'too-large';
  readonly say: string;
}

export function isUnreadable(answer: Understanding | Unreadable): answer is Unreadable {
  return 'code' in answer;
}

/**
 * What the command of an exec request means to the shell that will be given it. Never throws and never guesses: what is not literal, not in
 * the tables, or read differently by different shells makes the reading `partial` (some file is not known) or `opaque` (some code is not).
 */
export function understand(command: string | Uint8Array, settings: ShellSettings): Understanding | Unreadable {
  if (tooLong(command, settings.maxBytes)) return { code: 'too-large', say: `the command is longer than ${settings.maxBytes} bytes` };
  const text = typeof command === 'string' ? command : decoded(command);
  const unreadable = text === null ? 'the command is not valid UTF-8' : unreadableText(text);
  if (text === null || unreadable !== null) return { code: 'unreadable', say: unreadable ?? '' };
  const out = new Findings();
  if (settings.shell === 'other') out.unknownProgram();
  else walk(text, settings, settings.shell, out);
  return meaning(text, out);
}

function tooLong(command: string | Uint8Array, max: number): boolean {
  return command.length > max || (typeof command === 'string' && Buffer.byteLength(command) > max);
}

function decoded(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function walk(text: string, settings: ShellSettings, dialect: 'bash' | 'sh', out: Findings): void {
  const home: Place = settings.home ?? '~';
  try {
    new Walker(settings, out).code(text, { dialect, cwds: [home], stdin: 'elsewhere', away: false, homeless: false, depth: 0 });
  } catch (error) {
    // Nested deeper than our own stack, or a form of the tree that we did not expect: in either case not understood.
    out.unknownProgram();
    if (!(error instanceof Error)) throw error;
  }
}

function meaning(text: string, out: Findings): Understanding {
  if (out.recogniser === null && isAnsible(text)) out.recogniser = 'ansible';
  // Nothing touched (`cd x`, `true`, a comment): still an effect, so that policy has something to say yes to.
  if (out.effects.length === 0) out.add('control', 'session', null, 'shell');
  const effects = Object.freeze(out.effects);
  return Object.freeze({
    verb: gravest(effects),
    effects,
    reading: out.reading,
    shape: out.shapeText.trim(),
    fingerprint: null,
    facts: factsOf(out),
    outputs: null,
  });
}

function factsOf(out: Findings): Facts {
  return Object.freeze({
    kind: 'exec',
    programs: Object.freeze([...out.programs].sort()),
    sets: Object.freeze([...out.sets].sort()),
    hasPipe: out.hasPipe,
    hasRedirect: out.hasRedirect,
    recursive: out.recursive,
    elevates: out.elevates,
    ...(out.recogniser === null ? {} : { recogniser: out.recogniser }),
  });
}
