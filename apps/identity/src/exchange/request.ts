import { readPublicKeyLine, readRanges, SshKeyRefusedError, type SshPublicKey } from '@sallyport/platform-identity';
import { OAuthError } from './oauth-error.ts';
import { exchangeGrant, jwtTypes, sshCertificateType, subjectKindOf, subjectTokenTypes, ticketType, type SubjectKind } from './token-types.ts';

/** What is asked for, in a form that can be granted. Whether it is granted is `grant.ts`. */
export interface ExchangeRequest {
  /** Empty for an X.509-SVID, which the connection has shown. */
  readonly subjectToken: string;
  readonly subjectKind: SubjectKind;
  /** The machine's own token, where the subject's is that of the party on whose behalf it acts; null: the subject is the machine. */
  readonly actorToken: string | null;
  readonly type: 'ticket' | 'ssh-certificate';
  /** `[role@]target`, each once, in the order asked. */
  readonly targets: readonly string[];
  /** The certificate's key, or the key that a ticket is bound to. */
  readonly publicKey: SshPublicKey | null;
  readonly extensions: readonly string[];
  readonly uses: number | null;
  /** Seconds. */
  readonly lifetime: number;
  /** Null: where the exchange came from. */
  readonly sources: readonly string[] | null;
}

/** In seconds. A ticket lives for a quarter of an hour at most, whatever its token's life. */
export const lifetimes = { least: 10, most: 900 } as const;
const maxTargets = 8;
const maxUses = 1000;
/** As gateways take them in user names, and nothing that a command line could take for an option. */
const targetForm = /^(?:\w[\w.-]{0,62}@)?\w[\w.-]{0,62}$/;
/** OpenSSH's names. Others of its extensions (agent, X11, user rc) are never certified: the gateway offers none of them. */
const extensionNames: readonly string[] = ['permit-pty', 'permit-port-forwarding'];

const parameters: readonly string[] = [
  'grant_type', 'subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'resource', 'scope', 'actor_token', 'actor_token_type', 'client_id',
  'public_key', 'extension', 'uses', 'lifetime', 'source_address',
];
const repeatable: readonly string[] = ['audience', 'resource', 'extension'];

/**
 * Reads the form of RFC 8693 section 2.1 with our own parameters. Unlike RFC 6749 section 3.2 asks, parameters that are not known are refused: a restriction that is
 * misspelt would else be granted without being in force. Throws OAuthError.
 */
export function readRequest(form: URLSearchParams): ExchangeRequest {
  for (const name of new Set(form.keys())) {
    if (!parameters.includes(name)) throw invalid('parameter-unknown', `the parameter ${named(name)} is not known here: known are ${parameters.join(', ')}`);
    if (form.getAll(name).length > 1 && !repeatable.includes(name)) throw invalid('parameter-twice', `the parameter ${name} stands twice`);
  }
  const one = (name: string): string | null => form.get(name)?.trim() || null;
  if (one('grant_type') !== exchangeGrant) throw new OAuthError('unsupported_grant_type', 'grant-type', `grant_type must be ${exchangeGrant}`);
  if (one('scope') !== null) throw new OAuthError('invalid_scope', 'scope', 'there are no scopes: name targets and roles by audience=[role@]target');
  if (form.getAll('resource').some((text) => text.trim() !== '')) throw new OAuthError('invalid_target', 'resource', 'name targets by audience=[role@]target, not by resource');
  const subjectToken = one('subject_token') ?? '';
  const subjectKind = subjectKindOf(one('subject_token_type'));
  if (subjectKind === null) throw invalid('subject-token-type', `subject_token_type must be one of ${subjectTokenTypes.join(', ')}`);
  if ((subjectToken === '') !== (subjectKind === 'x509-svid')) throw invalid('subject-token', subjectToken === '' ? 'subject_token is missing' : 'subject_token stays empty for an X.509-SVID: the TLS handshake shows it');
  const actorToken = readActor(one('actor_token'), one('actor_token_type'), subjectKind);
  const type = readType(one('requested_token_type'));
  const publicKey = readKey(one('public_key'));
  if (type === 'ssh-certificate' && publicKey === null) throw invalid('public-key', 'an SSH certificate needs public_key: the line of your .pub file');
  const extensions = [...new Set(form.getAll('extension').map((text) => text.trim()))];
  const strange = extensions.find((name) => !extensionNames.includes(name));
  if (strange !== undefined) throw invalid('extension', `extension may be ${extensionNames.join(' or ')}`);
  if (extensions.length > 0 && type === 'ticket') throw invalid('extension', 'extensions are of SSH certificates');
  return {
    subjectToken, subjectKind, actorToken, type, publicKey, extensions,
    targets: readTargets(form.getAll('audience')),
    uses: readNumber('uses', one('uses'), 1, maxUses),
    lifetime: readNumber('lifetime', one('lifetime'), lifetimes.least, lifetimes.most) ?? lifetimes.most,
    sources: readSources(one('source_address')),
  };
}

/** RFC 8693 section 2.1: the type is there exactly when the token is. */
function readActor(token: string | null, type: string | null, subject: SubjectKind): string | null {
  if ((token === null) !== (type === null)) throw invalid('actor-token', token === null ? 'actor_token_type stands without an actor_token' : 'actor_token needs its actor_token_type');
  if (token === null) return null;
  if (subjectKindOf(type) !== 'jwt') throw invalid('actor-token-type', `actor_token_type must be one of ${jwtTypes.join(', ')}`);
  if (subject !== 'jwt') throw invalid('subject-token-type', `beside an actor_token subject_token_type must be one of ${jwtTypes.join(', ')}`);
  return token;
}

function readType(text: string | null): ExchangeRequest['type'] {
  if (text === null || text === ticketType) return 'ticket';
  if (text === sshCertificateType) return 'ssh-certificate';
  throw invalid('requested-token-type', `requested_token_type must be ${ticketType} or ${sshCertificateType}`);
}

function readKey(line: string | null): SshPublicKey | null {
  try {
    return line === null ? null : readPublicKeyLine(line);
  } catch (error) {
    if (error instanceof SshKeyRefusedError) throw invalid('public-key', `public_key: ${error.message}; in a form, + is written %2B (curl --data-urlencode does)`);
    throw error;
  }
}

function readTargets(given: readonly string[]): readonly string[] {
  const targets = [...new Set(given.map((text) => text.trim()))];
  if (targets.length === 0) throw new OAuthError('invalid_target', 'target-missing', 'name at least one target: audience=[role@]target');
  if (targets.length > maxTargets) throw new OAuthError('invalid_target', 'target-count', `at most ${maxTargets} targets go into one ticket`);
  if (!targets.every((text) => targetForm.test(text))) throw new OAuthError('invalid_target', 'target-malformed', 'an audience is not of the form [role@]target: letters, digits, dots, dashes and underscores, at most 63 each; no wildcards');
  return targets;
}

function readNumber(name: string, text: string | null, least: number, most: number): number | null {
  if (text === null) return null;
  if (!/^\d{1,6}$/.test(text) || Number(text) < least || Number(text) > most) throw invalid(name, `${name} must be a whole number from ${least} to ${most}`);
  return Number(text);
}

function readSources(text: string | null): readonly string[] | null {
  if (text === null) return null;
  const ranges = readRanges(text);
  if (ranges === null) throw invalid('source-address', 'source_address must be addresses or CIDR ranges with commas, without bits behind the mask');
  return ranges;
}

const named = (name: string) => (/^[\w-]{1,40}$/.test(name) ? name : 'with a strange name');
const invalid = (reason: string, say: string) => new OAuthError('invalid_request', reason, say);
