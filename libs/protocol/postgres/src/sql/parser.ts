import type { ParseResult, ScanResult } from 'libpg-query';
import create, { type PgQueryWasm } from 'libpg-query/wasm/libpg-query.js';

/**
 * The server's own grammar (PostgreSQL 18), compiled to wasm.
 *
 * A statement that overflows the engine's stack leaves it damaged: after a few of those every parse fails. So an engine that
 * trapped, or that a huge statement made grow, is thrown away and a spare one takes its place at once, while another is made.
 * When both are gone, statements are refused until one is ready (about 20 ms).
 */
export class Parser {
  #engine: PgQueryWasm | null;
  #spare: PgQueryWasm | null;
  #making = false;

  private constructor(engine: PgQueryWasm, spare: PgQueryWasm) {
    this.#engine = engine;
    this.#spare = spare;
  }

  static async make(): Promise<Parser> {
    return new Parser(await create(), await create());
  }

  /** Throws {@link ParseFault}, and nothing else. The text must hold no NUL: the engine would stop there. */
  parse(text: string): ParseResult {
    return this.#run((engine) => parseWith(engine, text));
  }

  fingerprint(text: string): string | null {
    return this.#run((engine) => {
      const answer = call(engine, text, (pointer) => engine._wasm_fingerprint(pointer));
      return /^[0-9a-f]{16}$/.test(answer) ? answer : null;
    });
  }

  /** Tokens with byte positions, comments included. Null where the lexer does not like the text. */
  scan(text: string): ScanResult | null {
    return this.#run((engine) => {
      const answer = call(engine, text, (pointer) => engine._wasm_scan(pointer));
      return answer.startsWith('{') ? (JSON.parse(answer) as ScanResult) : null;
    });
  }

  #run<T>(work: (engine: PgQueryWasm) => T): T {
    const engine = this.#engine;
    if (!engine) throw new ParseFault('engine', null);
    try {
      const answer = work(engine);
      if (engine.HEAPU8.length > maxHeap) this.#replace();
      return answer;
    } catch (error) {
      if (error instanceof ParseFault) throw error;
      this.#replace();
      throw new ParseFault('depth', null);
    }
  }

  #replace(): void {
    this.#engine = this.#spare;
    this.#spare = null;
    if (this.#making) return;
    this.#making = true;
    void create().then((made) => this.#put(made), () => this.#put(null));
  }

  #put(made: PgQueryWasm | null): void {
    this.#making = false;
    if (made && !this.#engine) this.#engine = made;
    else if (made) this.#spare = made;
    if (made && !this.#spare) this.#refill();
  }

  #refill(): void {
    this.#making = true;
    void create().then((made) => this.#put(made), () => this.#put(null));
  }
}

/** The engine starts with 128 MiB of (untouched) memory; one that grew beyond this is not kept. */
const maxHeap = 384 * 1024 * 1024;

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
function parseWith(engine: PgQueryWasm, text: string): ParseResult {
  const pointer = put(engine, text);
  const result = engine._wasm_parse_query_raw(pointer);
  const error = engine.getValue(result + 8, 'i32');
  const fault = error === 0 ? null : faultOf(engine.UTF8ToString(engine.getValue(error, 'i32')), engine.getValue(error + 16, 'i32'));
  const tree = fault ? '' : engine.UTF8ToString(engine.getValue(result, 'i32'));
  engine._free(pointer);
  engine._wasm_free_parse_result(result);
  if (fault) throw fault;
  return JSON.parse(tree) as ParseResult;
}

function faultOf(message: string, cursor: number): ParseFault {
  const deep = message.startsWith('memory exhausted') || message.startsWith('stack depth');
  return new ParseFault(deep ? 'depth' : 'syntax', cursor > 0 ? cursor : null);
}

function call(engine: PgQueryWasm, text: string, run: (pointer: number) => number): string {
  const pointer = put(engine, text);
  const result = run(pointer);
  const answer = engine.UTF8ToString(result);
  engine._free(pointer);
  engine._wasm_free_string(result);
  return answer;
}

function put(engine: PgQueryWasm, text: string): number {
  const bytes = engine.lengthBytesUTF8(text) + 1;
  const pointer = engine._malloc(bytes);
  engine.stringToUTF8(text, pointer, bytes);
  return pointer;
}
