import { behind, isUnknown, plain, unknownArg, type Arg } from './arg.ts';
import type { Act, ProgramSpec } from './spec.ts';

export interface Option {
  /** As it is written: `-o`, `--output`. */
  readonly name: string;
  readonly act: Act;
  /** Absent for an option without one. */
  readonly arg?: Arg;
}

export interface Parsed {
  readonly options: readonly Option[];
  readonly operands: readonly Arg[];
  /** Some word may be an option that is not known: what the others are is a guess. */
  readonly unsure: boolean;
}

interface Known {
  readonly short: ReadonlyMap<string, Act>;
  readonly long: ReadonlyMap<string, Act>;
}

const knownOptions = new WeakMap<ProgramSpec, Known>();

/**
 * Takes arguments apart as getopt_long does, abbreviations of long options excepted (they count as unknown). Options may follow operands unless
 * the program stops at the first.
 */
export function parseOptions(spec: ProgramSpec, args: readonly Arg[]): Parsed {
  const known = knownOptions.get(spec) ?? learn(spec);
  const options: Option[] = [];
  const operands: Arg[] = [];
  let unsure = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? unknownArg;
    const word = plain(arg);
    if (word === null || word === '-' || !word.startsWith('-')) {
      // A word that is not known may be an option, or `--`, or many words.
      if (isUnknown(arg)) unsure = true;
      operands.push(arg);
      if (spec.stops !== true) continue;
      operands.push(...args.slice(i + 1));
      break;
    }
    if (word === '--') {
      operands.push(...args.slice(i + 1));
      break;
    }
    if (spec.numbers === true && /^-\d+$/.test(word)) {
      options.push({ name: word, act: '+none' });
      continue;
    }
    const next = args[i + 1];
    const taken = word.startsWith('--') ? longOption(known, arg, word, next, options) : cluster(known, arg, word, next, options);
    if (taken === null) unsure = true;
    else i += taken;
  }
  return { options, operands, unsure };
}

/** Number of further words that belong to the option; null when it is not known. */
function longOption(known: Known, arg: Arg, word: string, next: Arg | undefined, options: Option[]): number | null {
  const equals = word.indexOf('=');
  const name = equals === -1 ? word : word.slice(0, equals);
  const act = known.long.get(name);
  if (act === undefined) return null;
  if (equals !== -1) {
    options.push({ name, act, arg: behind(arg, equals + 1) });
    return act.startsWith('+') ? null : 0;
  }
  if (act.startsWith('+') || act === 'optional') {
    options.push({ name, act });
    return 0;
  }
  if (next === undefined) return null;
  options.push({ name, act, arg: next });
  return isUnknown(next) ? null : 1;
}

function cluster(known: Known, arg: Arg, word: string, next: Arg | undefined, options: Option[]): number | null {
  for (let at = 1; at < word.length; at++) {
    const name = `-${word[at] ?? ''}`;
    const act = known.short.get(name);
    if (act === undefined) return null;
    if (act.startsWith('+')) {
      options.push({ name, act });
      continue;
    }
    const rest = at + 1 < word.length;
    if (act === 'optional') {
      options.push(rest ? { name, act, arg: behind(arg, at + 1) } : { name, act });
      return 0;
    }
    if (!rest && next === undefined) return null;
    options.push({ name, act, arg: rest ? behind(arg, at + 1) : (next ?? unknownArg) });
    if (rest) return 0;
    return next === undefined || isUnknown(next) ? null : 1;
  }
  return 0;
}

function learn(spec: ProgramSpec): Known {
  const short = new Map<string, Act>();
  const long = new Map<string, Act>([
    ['--help', '+none'],
    ['--version', '+none'],
  ]);
  for (const flag of spec.flags ?? '') short.set(`-${flag}`, '+none');
  for (const value of spec.values ?? '') short.set(`-${value}`, 'value');
  for (const word of (spec.long ?? '').split(' ')) {
    if (word.endsWith('=')) long.set(`--${word.slice(0, -1)}`, 'value');
    else if (word.endsWith('?')) long.set(`--${word.slice(0, -1)}`, 'optional');
    else if (word !== '') long.set(`--${word}`, '+none');
  }
  for (const [name, act] of Object.entries(spec.acts ?? {})) (name.startsWith('--') ? long : short).set(name, act);
  const made = { short, long };
  knownOptions.set(spec, made);
  return made;
}
