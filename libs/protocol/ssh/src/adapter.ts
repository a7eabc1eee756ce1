import { refusal, type Refusal } from '@sallyport/domain-model';
import type { GreetTerms, ProtocolAdapter, ServedSession, SessionEnd } from '@sallyport/protocol-spi';
import { Attempts } from './attempts.ts';
import { greet, type SshGreeting } from './greet.ts';
import { refuse } from './refuse.ts';
import { SshSession } from './session/session.ts';
import { parseSettings, type SshSettings } from './settings.ts';
import { serveSftp } from './sftp/serve-sftp.ts';
import { CommandReaders } from './shell/index.ts';
import { dialUpstream, UpstreamError, type Upstream } from './upstream.ts';
import { newKeyText, parsePrivateKey, type HostKey } from './wire/library.ts';

/** What the gateway gives the adapter once. */
export interface SshOptions {
  /** The gateway's host key, and its certificate as it is now: asked for each connection, since certificates are renewed. */
  readonly hostKey: () => HostKey;
  /** Told why a target could not be reached; no credential or value is in it. */
  readonly log?: { warn(message: string, fields: Readonly<Record<string, unknown>>): void };
}

/** SSH: commands, files and terminals. */
export class SshAdapter implements ProtocolAdapter<SshSettings, SshGreeting> {
  readonly id = 'ssh';
  readonly #options: SshOptions;
  readonly #attempts = new Attempts();
  readonly #readers = new CommandReaders();

  /** A fresh Ed25519 host key, in OpenSSH's format. */
  static newHostKey(): string {
    return newKeyText();
  }

  /** Base64 of the public half of a host key's blob. @throws TypeError when the key cannot be read */
  static publicKey(privateKey: string): string {
    return parsePrivateKey(privateKey).getPublicSSH().toString('base64');
  }

  /** @throws TypeError when the host key cannot be read */
  constructor(options: SshOptions) {
    parsePrivateKey(options.hostKey().privateKey);
    this.#options = options;
  }

  parseSettings(raw: Readonly<Record<string, unknown>>): SshSettings {
    return parseSettings(raw);
  }

  greet(client: Parameters<ProtocolAdapter['greet']>[0], terms: GreetTerms): Promise<SshGreeting | null> {
    return greet(client, terms, { hostKey: this.#options.hostKey(), attempts: this.#attempts });
  }

  async serve(greeting: SshGreeting, session: ServedSession<SshSettings>): Promise<SessionEnd> {
    const { closing } = session.gate;
    let upstream: Upstream;
    try {
      upstream = await dialUpstream({ target: session.target, settings: session.settings, credential: () => session.credential(closing), certify: session.certifyLogin?.bind(session), signal: closing });
    } catch (error) {
      const code = error instanceof UpstreamError ? error.code : 'target-unreachable';
      const said = closing.aborted ? refusal('closing', 'the session is ending', session.id, { hint: 'connect again' }) : refusal('target-unavailable', unavailable(code), session.id, { hint: 'the gateway’s log has the cause under this request id' });
      this.#options.log?.warn('no connection to the target', { session: session.id, target: session.target.name, code, why: error instanceof Error ? error.message : 'unknown' });
      session.gate.refused(said, code);
      await this.refuse(greeting, said);
      return closing.aborted ? { by: 'killed', why: 'while the target was dialled' } : { by: 'failed', why: code };
    }
    const { connection, socket, context } = greeting;
    const reader = this.#readers.of(session.settings);
    const served = new SshSession({
      house: { session, connection, socket, upstream: upstream.client, upstreamSocket: upstream.socket },
      read: (text) => reader.read(text),
      sftp: serveSftp,
    });
    return served.run(() => context.accept());
  }

  refuse(greeting: SshGreeting, said: Refusal): Promise<void> {
    if (said.code === 'unauthenticated') this.#attempts.failed(greeting.socket.remoteAddress ?? 'unknown');
    return refuse(greeting, said);
  }
}

function unavailable(code: UpstreamError['code']): string {
  switch (code) {
    case 'target-host-key':
      return 'the target shows a host key that is not the configured one';
    case 'target-auth':
      return 'the target did not accept the gateway’s credential';
    case 'target-credential':
      return 'the gateway has no credential for the target';
    case 'target-refused':
      return 'the target refused the connection, or speaks only what is not taken here';
    case 'target-unreachable':
      return 'the target cannot be reached';
    default:
      return 'the target is not available';
  }
}
