import { resourceName, type Effect, type OutputColumn, type Reading, type ResourceKind, type Verb } from '@sallyport/domain-model';

/** What one statement was found to do, while it is being walked. */
export class Findings {
  readonly #effects = new Map<string, Effect>();
  #reading: Reading = 'whole';
  /** Effects or facts depend on the value of a literal: another text of the same form may mean something else. */
  dependsOnLiterals = false;
  /** It depends on the session's prepared statements or cursors: never cached. */
  dependsOnSession = false;
  changesSettings = false;
  setsSearchPath = false;
  changesCatalogue = false;
  /** The value of the column `name` where it is known: see settingOf. */
  settingName: string | null = null;
  /** Number of INSERT, UPDATE, DELETE and MERGE nodes. */
  changes = 0;
  /** Of the UPDATE and DELETE among them, with and without a WHERE. */
  bounded = 0;
  unbounded = 0;
  /** Lineage of the values that the statement stores somewhere. */
  readonly stored: OutputColumn[] = [];

  add(verb: Verb, kind: ResourceKind, schema: string | null, name: string): void {
    this.addEffect({ verb, resource: { kind, schema, name } });
  }

  addEffect(effect: Effect): void {
    const key = `${effect.verb} ${resourceName(effect.resource)}`;
    if (!this.#effects.has(key)) this.#effects.set(key, effect);
    if (effect.verb === 'define' || effect.verb === 'grant') this.changesCatalogue = true;
  }

  /** Something that is not known here: nothing can be said of the statement any more. */
  unknown(what: string): void {
    this.add('unknown', 'other', null, what);
    this.degrade('opaque');
  }

  degrade(to: Reading): void {
    if (to === 'opaque') {
      this.#reading = 'opaque';
      this.changesSettings = true;
      this.changesCatalogue = true;
    } else if (to === 'partial' && this.#reading === 'whole') this.#reading = 'partial';
  }

  /** Takes over what another statement, or a view, was found to do; what it does to the session follows from its effects. */
  absorb(effects: Iterable<Effect>, reading: Reading): void {
    for (const effect of effects) {
      this.addEffect(effect);
      if (effect.verb === 'read') continue;
      const { kind } = effect.resource;
      if (kind === 'setting' || kind === 'role') this.setsSearchPath = this.changesSettings = true;
      if (effect.verb === 'execute' || effect.verb === 'unknown') this.changesCatalogue = this.changesSettings = true;
    }
    this.degrade(reading);
  }

  get reading(): Reading {
    return this.#reading;
  }

  get effects(): readonly Effect[] {
    return [...this.#effects.values()];
  }
}
