import type { Socket } from 'node:net';
import type { Greeting, GreetTerms } from '@sallyport/protocol-spi';
import type { AuthContext, Connection } from 'ssh2';
import type { Attempts } from './attempts.ts';
import { Login, type Shown } from './login.ts';
import { openToTerrapin, type Negotiated } from './wire/algorithms.ts';
import { isStrict, sendDisconnect, serverOn, type HostKey } from './wire/library.ts';

/** A client that has shown something and waits for an answer. */
export interface SshGreeting extends Greeting {
  readonly connection: Connection;
  readonly socket: Socket;
  readonly context: AuthContext;
}

/** RFC 4253 section 11.1. */
export const disconnectReasons = { keyExchangeFailed: 3, byApplication: 11, noMoreAuthMethods: 14 } as const;

/**
 * Key exchange and the conversation until something is shown. Null when the connection ended without that; what was to be said is said. The
 * answer to what was shown (success or failure) is given by `serve` and `refuse`.
 */
export function greet(socket: Socket, terms: GreetTerms, of: { readonly hostKey: HostKey; readonly attempts: Attempts }): Promise<SshGreeting | null> {
  const address = socket.remoteAddress ?? 'unknown';
  if (!of.attempts.mayTry(address)) {
    socket.destroy();
    return Promise.resolve(null);
  }
  return new Promise((resolve) => {
    let settled = false;
    const settle = (greeting: SshGreeting | null) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      terms.signal.removeEventListener('abort', stopped);
      resolve(greeting);
    };
    const stopped = () => {
      socket.destroy();
      settle(null);
    };
    const timer = setTimeout(stopped, terms.timeoutMs);
    terms.signal.addEventListener('abort', stopped, { once: true });
    socket.once('close', () => settle(null));
    serverOn(socket, of.hostKey, (connection, software) => {
      connection.on('error', () => settle(null));
      const end = (reason: number, why: string) => {
        sendDisconnect(connection, reason, `sallyport: ${why}`);
        socket.end();
        settle(null);
      };
      connection.on('handshake', (negotiated: Negotiated) => {
        if (openToTerrapin(negotiated, isStrict(connection))) end(disconnectReasons.keyExchangeFailed, 'this client is open to the Terrapin attack (CVE-2023-48795): update it, or let it use aes128-gcm@openssh.com');
      });
      const login = new Login({
        now: Date.now,
        shown: (shown) => settle(greetingOf(shown, connection, socket, software)),
        over: (why) => {
          of.attempts.failed(address);
          end(disconnectReasons.noMoreAuthMethods, why);
        },
      });
      connection.on('authentication', (context) => login.on(context));
    });
  });
}

function greetingOf({ wanted, token, certificate, heldKey, context }: Shown, connection: Connection, socket: Socket, software: string): SshGreeting {
  return { ...wanted, token, certificate, holds: { ssh: heldKey }, client: printable(software), connection, socket, context };
}

const printable = (software: string) => software.replace(/[^\x20-\x7e]/g, '?').slice(0, 256);
