import type { Refusal } from '@sallyport/domain-model';
import { disconnectReasons, type SshGreeting } from './greet.ts';
import { sendBanner, sendDisconnect } from './wire/library.ts';

/** Exit status of a command that was not run because it was refused: 126, as shells say "cannot execute". */
export const refusedStatus = 126;

/**
 * The documented form of every refusal on stderr and in banners. Scripts look at the first line: `sallyport: refused (CODE) request ID`. The
 * remote's own messages cannot look like it before anything was run.
 */
export function refusalText({ code, say, rules, requestId, hint }: Refusal): string {
  const lines = [`sallyport: refused (${code}) request ${requestId}`, `sallyport: ${oneLine(say)}`];
  if (rules.length > 0) lines.push(`sallyport: rules ${rules.join(', ')}`);
  if (hint !== '') lines.push(`sallyport: ${oneLine(hint)}`);
  return `${lines.join('\n')}\n`;
}

/** A refusal where there is room for one line: the reason of a channel that is not opened. */
export function refusalLine({ code, say, requestId }: Refusal): string {
  return `sallyport: refused (${code}) request ${requestId}: ${oneLine(say)}`.slice(0, 512);
}

const patience = 1000;

/** Says no to a client that waits for its login, and closes. Never rejects. */
export function refuse({ connection, socket, context }: SshGreeting, refusal: Refusal): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    const timer = setTimeout(() => socket.destroy(), patience);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    try {
      sendBanner(connection, refusalText(refusal));
      context.reject([]);
      sendDisconnect(connection, disconnectReasons.noMoreAuthMethods, `sallyport: refused (${refusal.code}) request ${refusal.requestId}: ${oneLine(refusal.say)}`);
    } catch {
      // The connection is already over; it is closed below in any case.
    }
    socket.end();
  });
}

/** Control characters would let a text move the cursor of whoever reads it. */
const oneLine = (text: string) => text.replace(/\p{Cc}+/gu, ' ').replaceAll('’', "'");
