import { createHash, randomBytes } from 'node:crypto';

/**
 * What a ticket begins with, so that secret scanners and people know it when they see it. No JWT begins so.
 */
export const ticketPrefix = 'slt_';
const secretBytes = 32;
const form = /^slt_[A-Za-z0-9_-]{43}$/;

/**
 * A new ticket: 256 random bits, 47 characters, which nobody can read anything from; what it is worth stands in identity's database under its hash.
 * A JWT would not do: OpenSSH's client reads a password, typed or from askpass, into a buffer of 1,024 bytes with the final NUL (`readpass.c`: `char buf[1024]`) and
 * silently cuts what is longer at 1,023 (seen with OpenSSH 9.2), and TDS logins end at 128 characters. Being opaque it can be counted and revoked at once, and there is no key to steal.
 */
export function newTicket(): string {
  return ticketPrefix + randomBytes(secretBytes).toString('base64url');
}

/** Whether it claims to be a ticket; a token that does is looked at in no other way. */
export const looksLikeTicket = (token: string): boolean => token.startsWith(ticketPrefix);
export const isTicket = (token: string): boolean => form.test(token);

/** What a ticket is found by. SHA-256 without salt: there are 2^256 tickets, and nothing to guess. */
export const ticketHash = (ticket: string): Buffer => createHash('sha256').update(ticket).digest();

/** Why a ticket was refused. The closed list. */
export const ticketRefusals = [
  'ticket-malformed', 'ticket-unknown', 'ticket-expired', 'ticket-target-unnamed', 'ticket-target-wrong', 'ticket-key-wrong', 'ticket-source-wrong', 'ticket-revoked', 'ticket-used-up', 'ticket-not-for-people',
] as const;
export type TicketRefusal = (typeof ticketRefusals)[number];
