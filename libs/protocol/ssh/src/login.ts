import { createHash } from 'node:crypto';
import { Sealed } from '@sallyport/domain-model';
import ssh2, { type AuthContext, type KeyboardAuthContext, type PasswordAuthContext, type PublicKeyAuthContext } from 'ssh2';
import { certificateSuffix, readCertificate, type SshCertificate } from './certificate/certificate.ts';
import { verifySignature } from './certificate/keys.ts';
import { readUserName, userName, type Wanted } from './user-name.ts';

/** What a client has shown, and what it waits in: nobody has said yet whether it is enough. */
export interface Shown {
  readonly wanted: Wanted;
  /** Empty when a certificate was shown. */
  readonly token: Sealed<string>;
  /** Base64 of the certificate's blob; the client has signed with its key. */
  readonly certificate: string | null;
  /** OpenSSH fingerprint of a plain key that the client has signed with before it showed its ticket. */
  readonly heldKey: string | null;
  readonly context: AuthContext;
}

const methods: ('publickey' | 'password' | 'keyboard-interactive')[] = ['publickey', 'password', 'keyboard-interactive'];
/** Wrong answers of one connection. OpenSSH clients try each key of their agent: those without a signature are counted apart. */
const maxFailures = 6;
const maxQueries = 32;
/** Identity refuses longer ones, and records that it did; beyond this nothing is asked. */
const maxToken = 65_536;

/**
 * The conversation of one connection until something is shown that identity can judge: a user certificate with its signature, or a token
 * (ticket or JWT) as password or keyboard-interactive. Judges nothing that needs more than this connection.
 */
export class Login {
  readonly #source: { readonly now: () => number };
  readonly #shown: (shown: Shown) => void;
  readonly #over: (why: string) => void;
  #failures = 0;
  #queries = 0;
  #heldKey: string | null = null;
  #done = false;

  constructor(of: { readonly now: () => number; readonly shown: (shown: Shown) => void; readonly over: (why: string) => void }) {
    this.#source = of;
    this.#shown = of.shown;
    this.#over = of.over;
  }

  on(context: AuthContext): void {
    if (this.#done) return context.reject();
    const wanted = readUserName(context.username);
    if (wanted === null) return this.#wrong(context, 'the user name is not [role@]target');
    switch (context.method) {
      case 'none':
        return this.#ask(context);
      case 'password':
        return this.#password(context, wanted);
      case 'keyboard-interactive':
        return this.#question(context, wanted);
      case 'publickey':
        return context.key.algo.endsWith(certificateSuffix) ? this.#certificate(context, wanted) : this.#plainKey(context);
      default:
        return this.#wrong(context, 'this method of logging in is not taken');
    }
  }

  #password(context: PasswordAuthContext, wanted: Wanted): void {
    const { password }: { readonly password: unknown } = context;
    // A change of password comes as an object: there is nothing to change.
    if (typeof password !== 'string' || password === '') return this.#wrong(context, 'the token is empty');
    this.#token(context, wanted, password);
  }

  #question(context: KeyboardAuthContext, wanted: Wanted): void {
    context.prompt([{ prompt: 'Token or ticket: ', echo: false }], 'Sallyport', `A token of ${userName(wanted)}`, (answers: unknown) => {
      const [answer] = Array.isArray(answers) ? (answers as readonly unknown[]) : [];
      if (this.#done) return;
      if (typeof answer !== 'string' || answer === '') return this.#wrong(context, 'the token is empty');
      this.#token(context, wanted, answer);
    });
  }

  #token(context: AuthContext, wanted: Wanted, token: string): void {
    if (token.length > maxToken) return this.#wrong(context, 'the token is too long');
    this.#show({ wanted, token: new Sealed(token.trim()), certificate: null, heldKey: this.#heldKey, context });
  }

  #certificate(context: PublicKeyAuthContext, wanted: Wanted): void {
    const certificate = readOrNull(context.key.data);
    if (certificate === null || !matches(context.key.algo, certificate)) return this.#wrong(context, 'the certificate cannot be read');
    const fault = this.#hopeless(certificate, wanted);
    if (fault !== null) return this.#wrong(context, fault);
    if (context.signature === undefined || context.blob === undefined) return this.#query(context);
    if (!verifySignature({ type: certificate.keyType, key: certificate.key }, context.blob, context.signature)) return this.#wrong(context, 'the signature does not verify');
    this.#show({ wanted, token: new Sealed(''), certificate: certificate.blob.toString('base64'), heldKey: null, context });
  }

  /** What identity would refuse anyway: a client with many certificates goes on to the next, and only real tries are recorded. */
  #hopeless({ kind, after, before, principals }: SshCertificate, wanted: Wanted): string | null {
    const now = BigInt(Math.floor(this.#source.now() / 1000));
    if (kind !== 'user') return 'this is a host’s certificate';
    if (now >= before || now < after - 300n) return 'the certificate is not valid now';
    return principals.includes(userName(wanted)) ? null : `the certificate is not for ${userName(wanted)}`;
  }

  /** A plain key lets nobody in; a ticket that is bound to it needs its signature first. */
  #plainKey(context: PublicKeyAuthContext): void {
    const parsed = ssh2.utils.parseKey(context.key.data);
    const key = Array.isArray(parsed) ? parsed[0] : parsed;
    if (key === undefined || key instanceof Error || (context.key.algo === 'ssh-rsa' && context.hashAlgo === undefined) || context.key.algo === 'ssh-dss') return this.#wrong(context, 'this key is not taken');
    // OpenSSH offers it once more after its partial success, before it goes on to its certificates.
    if (this.#heldKey !== null) return this.#again(context);
    if (context.signature === undefined || context.blob === undefined) return this.#query(context);
    if (key.verify(context.blob, context.signature, context.hashAlgo) !== true) return this.#wrong(context, 'the signature does not verify');
    this.#heldKey = `SHA256:${createHash('sha256').update(context.key.data).digest('base64').replace(/=+$/, '')}`;
    context.reject(methods, true);
  }

  #again(context: AuthContext): void {
    if (++this.#queries > maxQueries) return this.#end(context, 'too many keys were offered');
    context.reject(methods);
  }

  #query(context: PublicKeyAuthContext): void {
    if (++this.#queries > maxQueries) return this.#end(context, 'too many keys were offered');
    context.accept();
  }

  #show(shown: Shown): void {
    this.#done = true;
    this.#shown(shown);
  }

  #ask(context: AuthContext): void {
    context.reject(methods);
  }

  #wrong(context: AuthContext, why: string): void {
    if (++this.#failures >= maxFailures) return this.#end(context, why);
    context.reject(methods);
  }

  #end(context: AuthContext, why: string): void {
    this.#done = true;
    context.reject([]);
    this.#over(why);
  }
}

function readOrNull(blob: Buffer): SshCertificate | null {
  try {
    return readCertificate(blob);
  } catch {
    return null;
  }
}

/** The algorithm of the request and the type inside of the certificate must be about the same key; RSA only with SHA-2. */
function matches(algorithm: string, { keyType }: SshCertificate): boolean {
  const plain = algorithm.slice(0, -certificateSuffix.length);
  return keyType === 'ssh-rsa' ? plain === 'rsa-sha2-256' || plain === 'rsa-sha2-512' : plain === keyType;
}
