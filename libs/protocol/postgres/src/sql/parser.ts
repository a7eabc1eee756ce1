import type { ParseResult, ScanResult } from 'libpg-query';
import type { PgQueryWasm } from 'libpg-query/wasm/libpg-query.js';
import { Engine } from './engine.ts';

/**
 * The server's own grammar (PostgreSQL 18), compiled to wasm. Short texts cannot overflow an engine's stack; longer ones can, and have
 * engines of their own, so that a client who sends such texts does not stop the reading of everybody else's short statements.
 */
export class Parser {
  readonly #short: Engine;
  readonly #long: Engine;

  private constructor(short: Engine, long: Engine) {
    this.#short = short;
    this.#long = long;
  }

  static async make(): Promise<Parser> {
    return new Parser(await Engine.make(), await Engine.make());
  }

  /** Throws {@link ParseFault}, and nothing else. The text must hold no NUL: the engine would stop there. */
  parse(text: string): ParseResult {
    const answer = this.#run(text, (wasm) => parseWith(wasm, text));
    if (answer instanceof ParseFault) throw answer;
    const tree = parsed(answer);
    if (tree === null) throw new ParseFault('syntax', null);
    return tree as ParseResult;
  }

  /** Null for what has none. Throws {@link ParseFault}. */
  fingerprint(text: string): string | null {
    const answer = this.#run(text, (wasm) => call(wasm, text, (pointer) => wasm._wasm_fingerprint(pointer)));
    return /^[0-9a-f]{16}$/.test(answer) ? answer : null;
  }

  /** Tokens with byte positions, comments included; null where the lexer does not like the text. Throws {@link ParseFault}. */
  scan(text: string): ScanResult | null {
    // The engine does not escape control characters in its answer: such a text has no tokens.
    return parsed(this.#run(text, (wasm) => call(wasm, text, (pointer) => wasm._wasm_scan(pointer)))) as ScanResult | null;
  }

  #run<T extends string | ParseFault>(text: string, work: (wasm: PgQueryWasm) => T): T {
    const answer = (text.length <= shortText ? this.#short : this.#long).run(work);
    if (answer === 'trap') throw new ParseFault('depth', null);
    if (answer === 'none') throw new ParseFault('engine', null);
    return answer as T;
  }
}

/** The engine's stack takes some 5 000 levels of nesting, and a level takes two characters or more. */
const shortText = 6_000;

/** Why a text could not be parsed. Never has the text or a piece of it. */
export class ParseFault extends Error {
  readonly code = 'ERR_PARSE';
  /** `syntax`, `depth` (nested too deeply), `engine` (none ready). */
  readonly why: 'syntax' | 'depth' | 'engine';
  /** Characters from the start, 1 is the first; null where it is not known. */
  readonly position: number | null;

  constructor(why: 'syntax' | 'depth' | 'engine', position: number | null) {
    super(why);
    this.name = 'ParseFault';
    this.why = why;
    this.position = position;
  }
}

let loading: Promise<Parser> | null = null;

/** The process's parser; the first call loads it. */
export function loadParser(): Promise<Parser> {
  loading ??= Parser.make();
  return loading;
}

// PgQueryParseResult: tree, stderr, error. PgQueryError: message, function, file, line, cursor position.
function parseWith(wasm: PgQueryWasm, text: string): string | ParseFault {
  const pointer = put(wasm, text);
  const result = wasm._wasm_parse_query_raw(pointer);
  const error = wasm.getValue(result + 8, 'i32');
  const answer = error === 0 ? wasm.UTF8ToString(wasm.getValue(result, 'i32')) : faultOf(wasm.UTF8ToString(wasm.getValue(error, 'i32')), wasm.getValue(error + 16, 'i32'));
  wasm._free(pointer);
  wasm._wasm_free_parse_result(result);
  return answer;
}

function faultOf(message: string, cursor: number): ParseFault {
  const deep = message.startsWith('memory exhausted') || message.startsWith('stack depth');
  return new ParseFault(deep ? 'depth' : 'syntax', cursor > 0 ? cursor : null);
}

function parsed(answer: string): unknown {
  if (!answer.startsWith('{')) return null;
  try {
    return JSON.parse(answer);
  } catch {
    return null;
  }
}

function call(wasm: PgQueryWasm, text: string, run: (pointer: number) => number): string {
  const pointer = put(wasm, text);
  const result = run(pointer);
  const answer = wasm.UTF8ToString(result);
  wasm._free(pointer);
  wasm._wasm_free_string(result);
  return answer;
}

function put(wasm: PgQueryWasm, text: string): number {
  const bytes = wasm.lengthBytesUTF8(text) + 1;
  const pointer = wasm._malloc(bytes);
  wasm.stringToUTF8(text, pointer, bytes);
  return pointer;
}
