import { identitySshHostCert, type Bus } from '@sallyport/platform-bus';
import type { Log } from '@sallyport/platform-telemetry';

/** How often a certificate is looked at, in milliseconds: renewed past half of its time, and asked for again where identity did not answer. */
const lookEvery = 5_000;

export interface HostCertificateTerms {
  readonly bus: Bus;
  readonly log: Log;
  readonly gateway: string;
  readonly names: readonly string[];
  /** Base64 of the key's blob. */
  readonly publicKey: string;
}

/** The certificate of the gateway's SSH host key: asked of identity, renewed while the gateway lives. Without one clients must know the plain key. */
export class HostCertificate {
  readonly #of: HostCertificateTerms;
  #known: { readonly blob: Buffer; readonly renewAt: number; readonly expires: number } | null = null;

  /** Without names no certificate is asked for. */
  constructor(of: HostCertificateTerms) {
    this.#of = of;
  }

  /** Asks once and goes on asking. @returns how to stop */
  async start(): Promise<() => void> {
    if (this.#of.names.length === 0) return () => undefined;
    await this.#renew();
    const timer = setInterval(() => {
      if (Date.now() >= (this.#known?.renewAt ?? 0)) void this.#renew();
    }, lookEvery);
    return () => clearInterval(timer);
  }

  /** Null while there is none that is valid. */
  current(now: number): Buffer | null {
    return this.#known !== null && now < this.#known.expires ? this.#known.blob : null;
  }

  async #renew(): Promise<void> {
    const { bus, log, gateway, names, publicKey } = this.#of;
    const reply = await bus.call(identitySshHostCert, { gateway, names: [...names], publicKey });
    if (!reply.ok) return log.warn('no certificate for the SSH host key: clients must know the key itself', { code: reply.error.code });
    const [from, to] = [Date.parse(reply.value.validFrom), Date.parse(reply.value.expires)];
    this.#known = { blob: Buffer.from(reply.value.blob, 'base64'), renewAt: from + (to - from) / 2, expires: to };
    log.info('the SSH host key is certified', { keyId: reply.value.keyId, expires: reply.value.expires });
  }
}
