import { personDocument } from '@sallyport/platform-config';
import { buckets, type Bus } from '@sallyport/platform-bus';
import { idHash } from './id-hash.ts';

interface Known {
  readonly ids: readonly string[];
  readonly issuer: string;
  readonly subject: string;
}

/** Who in the inventory is meant by the id of a directory, as identity shows the inventory to the others. Compared exactly. */
export class People {
  readonly #people = new Map<string, Known>();
  /** By the hash of an id, so that what was kept by hash finds its person too. */
  readonly #byHash = new Map<string, Set<string>>();
  #stop: () => void = () => undefined;
  #revision = 0;

  /** Resolves when everybody who is there now is known. */
  static async open(bus: Pick<Bus, 'kv'>): Promise<People> {
    const people = new People();
    const bucket = await bus.kv(buckets.inventory);
    people.#stop = await bucket.watch('person.*', (key, value) => people.#take(key.slice('person.'.length), value));
    return people;
  }

  /** Changes when anybody did. */
  get revision(): number {
    return this.#revision;
  }

  close(): void {
    this.#stop();
  }

  /** Names in the inventory of whoever has one of these ids. */
  match(ids: readonly string[]): readonly string[] {
    return [...new Set(ids.flatMap((id) => [...this.byHash(idHash(id))]))].sort();
  }

  byHash(hash: Uint8Array): readonly string[] {
    return [...(this.#byHash.get(Buffer.from(hash).toString('hex')) ?? [])];
  }

  /** The person of an Issuer document's name and subject. */
  bySubject(issuer: string, subject: string): readonly string[] {
    return [...this.#people].filter(([, known]) => known.issuer === issuer && known.subject === subject).map(([name]) => name);
  }

  /** Every id that this person is known by, the name first. */
  idsOf(person: string): readonly string[] {
    const known = this.#people.get(person);
    return known === undefined ? [person] : [person, ...known.ids];
  }

  #take(name: string, value: unknown): void {
    this.#revision++;
    for (const id of this.idsOf(name)) this.#byHash.get(idHash(id).toString('hex'))?.delete(name);
    this.#people.delete(name);
    const parsed = personDocument.safeParse(value);
    if (!parsed.success) return;
    const { directoryIds = [], issuer, subject } = parsed.data.spec;
    this.#people.set(name, { ids: directoryIds, issuer, subject });
    for (const id of this.idsOf(name)) {
      const key = idHash(id).toString('hex');
      const names = this.#byHash.get(key) ?? new Set();
      this.#byHash.set(key, names.add(name));
    }
  }
}
