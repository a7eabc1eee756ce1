import { refusal, type Refusal, type ShownParameters } from '@sallyport/domain-model';
import type { GreetTerms, ProtocolAdapter, ServedSession, SessionEnd } from '@sallyport/protocol-spi';
import { greet, type PostgresGreeting } from './greet.ts';
import { refuse } from './refuse.ts';
import { CatalogueCache } from './session/catalogue-cache.ts';
import { closingRefusal } from './session/closing.ts';
import { PostgresSession } from './session/session.ts';
import { showParameters } from './show-parameters.ts';
import { largestStatement, loadParser, StatementReader, usualStatement, type Parser } from './sql/index.ts';
import { dialUpstream, UpstreamError } from './upstream.ts';

/** Settings of a PostgreSQL target. */
export interface PostgresSettings {
  /** Largest frame in bytes, both ways: rows, parameters, COPY data. Default 64 MiB. */
  readonly maxFrame: number;
  /** UTF-8 bytes of one text of SQL, which may hold several statements. Default 128 KiB, at most 1 MiB: reading it holds up all sessions of the gateway. */
  readonly maxStatement: number;
  /** Milliseconds to reach the target and log in. Default 10 000. */
  readonly dialTimeoutMs: number;
}

const defaults: PostgresSettings = { maxFrame: 64 * 1024 * 1024, maxStatement: usualStatement, dialTimeoutMs: 10_000 };

/** PostgreSQL, protocol 3.0 and 3.2. One adapter serves all sessions of a gateway; they share parsed texts and catalogues. */
export class PostgresAdapter implements ProtocolAdapter<PostgresSettings, PostgresGreeting> {
  readonly id = 'postgres';
  readonly #parser: Parser;
  /** One for each limit of a target: what one has read is what others need not read. */
  readonly #readers = new Map<number, StatementReader>();
  readonly #catalogues = new Map<string, CatalogueCache>();

  private constructor(parser: Parser) {
    this.#parser = parser;
  }

  /** Loads the parser (WebAssembly), once per process. */
  static async load(): Promise<PostgresAdapter> {
    return new PostgresAdapter(await loadParser());
  }

  parseSettings(raw: Readonly<Record<string, unknown>>): PostgresSettings {
    const settings: Record<keyof PostgresSettings, number> = { ...defaults };
    for (const [name, value] of Object.entries(raw)) {
      if (name !== 'maxFrame' && name !== 'maxStatement' && name !== 'dialTimeoutMs') throw new Error(`settings.${name} is not known for a postgres target`);
      if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) throw new Error(`settings.${name} must be a positive whole number`);
      settings[name] = value;
    }
    if (settings.maxStatement > largestStatement) throw new Error(`settings.maxStatement must not be more than ${largestStatement}`);
    return settings;
  }

  greet(client: Parameters<ProtocolAdapter['greet']>[0], terms: GreetTerms): Promise<PostgresGreeting | null> {
    return greet(client, terms);
  }

  async serve(greeting: PostgresGreeting, session: ServedSession<PostgresSettings>): Promise<SessionEnd> {
    const closing = session.gate.closing;
    let upstream;
    try {
      upstream = await dialUpstream({
        target: session.target,
        database: greeting.database,
        parameters: greeting.parameters,
        credential: () => session.credential(closing),
        signal: closing,
        timeoutMs: session.settings.dialTimeoutMs,
      });
    } catch (error) {
      if (closing.aborted) {
        await this.refuse(greeting, closingRefusal(closing, session.id));
        return { by: 'killed', why: 'while the target was dialled' };
      }
      const code = error instanceof UpstreamError ? error.code : 'target-unreachable';
      const said = refusal('target-unavailable', unavailable(code), session.id, { hint: 'the gateway’s log has the cause under this request id' });
      session.gate.refused(said, code);
      await this.refuse(greeting, said);
      return { by: 'failed', why: code };
    }
    return new PostgresSession({ session, greeting, upstream, reader: this.#reader(session.settings.maxStatement), catalogue: this.#catalogue(session, greeting.database), maxFrame: session.settings.maxFrame }).run();
  }

  showParameters(parameters: Uint8Array, types: readonly number[]): ShownParameters {
    return showParameters(parameters, types);
  }

  refuse(greeting: PostgresGreeting, said: Refusal): Promise<void> {
    return refuse(greeting, said);
  }

  #reader(maxBytes: number): StatementReader {
    let known = this.#readers.get(maxBytes);
    if (known === undefined) this.#readers.set(maxBytes, (known = new StatementReader(this.#parser, { maxBytes })));
    return known;
  }

  /** Names differ by database, and what can be seen of them by credential. */
  #catalogue(session: ServedSession<PostgresSettings>, database: string): CatalogueCache {
    const key = JSON.stringify([session.target.name, session.target.credential, session.target.address, database]);
    let known = this.#catalogues.get(key);
    if (known === undefined) this.#catalogues.set(key, (known = new CatalogueCache('shared')));
    return known;
  }
}

function unavailable(code: string): string {
  switch (code) {
    case 'target-tls':
      return 'the target’s certificate could not be verified, or it offers no TLS';
    case 'target-auth':
      return 'the target did not accept the gateway’s credential';
    case 'target-refused':
      return 'the target refused the connection';
    default:
      return 'the target cannot be reached';
  }
}
