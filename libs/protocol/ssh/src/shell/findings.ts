import type { Effect, Reading, ResourceKind, Verb } from '@sallyport/domain-model';
import { limits } from './limits.ts';

/** What has been found in a command so far. */
export class Findings {
  readonly #effects = new Map<string, Effect>();
  readonly programs = new Set<string>();
  readonly sets = new Set<string>();
  /** Functions that were defined. */
  readonly functions = new Set<string>();
  reading: Reading = 'whole';
  hasPipe = false;
  hasRedirect = false;
  recursive = false;
  elevates = false;
  /** A variable was set by which `cd` and `~` find their way. */
  lost = false;
  recogniser: string | null = null;
  /** Simple commands seen. */
  commands = 0;
  /** Characters of code parsed. */
  code = 0;
  #shape = '';

  get effects(): readonly Effect[] {
    return [...this.#effects.values()];
  }

  add(verb: Verb, kind: ResourceKind, schema: string | null, name: string): void {
    const key = `${verb} ${kind} ${schema ?? ''}\0${name}`;
    if (this.#effects.has(key)) return;
    if (this.#effects.size >= limits.effects) return this.opaque();
    this.#effects.set(key, Object.freeze({ verb, resource: Object.freeze({ kind, schema, name }) }));
  }

  /** What is listed is true, and there may be more. */
  partial(): void {
    if (this.reading === 'whole') this.reading = 'partial';
  }

  /** Some code that will run is not known. */
  opaque(): void {
    this.reading = 'opaque';
  }

  /** A program runs whose name is not known, or code in a language that is not read. */
  unknownProgram(): void {
    this.opaque();
    this.add('unknown', 'program', '?', '?');
  }

  /** A file is used, and which one, or how, is not known. */
  unknownFile(): void {
    this.partial();
    this.add('unknown', 'file', '?', '?');
  }

  shape(text: string): void {
    if (this.#shape.length <= limits.shape) this.#shape += text;
  }

  get shapeText(): string {
    return this.#shape.length > limits.shape ? `${this.#shape.slice(0, limits.shape)}…` : this.#shape;
  }
}
