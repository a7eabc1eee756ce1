import { parseClaimPath, readClaim, type PersonDocument } from '@sallyport/platform-config';
import { refuse } from './refused.ts';
import type { VerifiedToken } from './token-verifier.ts';

/** What the issuer calls the person whose a token is: the exact value of its person claim. Null for a token that is no person's. */
export function personSubject({ issuer: { spec }, claims }: VerifiedToken): string | null {
  if (!spec.trusts.includes('people') || (spec.provider === 'entra' && claims['idtyp'] === 'app')) return null;
  const subject = readClaim(claims, parseClaimPath(spec.personClaim));
  return typeof subject === 'string' && subject !== '' ? subject : null;
}

/** The person whose issuer and subject a verified token names, exactly. Throws TokenRefusedError. Says nothing of his being active. */
export function matchPerson(token: VerifiedToken, people: Iterable<PersonDocument>): PersonDocument {
  const { spec, metadata } = token.issuer;
  if (spec.provider === 'entra' && token.claims['idtyp'] === 'app') refuse('claims-app-token', 'an app-only token is no person');
  const subject = readClaim(token.claims, parseClaimPath(spec.personClaim));
  if (typeof subject !== 'string' || subject === '') refuse('claims-missing', `the token has no ${spec.personClaim}`);
  for (const person of people) if (person.spec.issuer === metadata.name && person.spec.subject === subject) return person;
  return refuse('person-unknown', `no person of the inventory is known to issuer ${metadata.name} by this subject`);
}
