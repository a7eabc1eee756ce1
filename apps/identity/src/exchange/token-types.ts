/** RFC 8693 section 2.1 and 3; the registered names of what is taken. */
export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const jwtTypes: readonly string[] = ['jwt', 'access_token', 'id_token'].map((name) => `urn:ietf:params:oauth:token-type:${name}`);
const saml = 'urn:ietf:params:oauth:token-type:saml2';
/** Not registered: an X.509-SVID is shown in the TLS handshake, and `subject_token` is empty. */
const svid = 'urn:sallyport:params:oauth:token-type:x509-svid';
export const subjectTokenTypes: readonly string[] = [...jwtTypes, saml, svid];

export type SubjectKind = 'jwt' | 'saml' | 'x509-svid';

/** Null for a type that is not taken. */
export function subjectKindOf(type: string | null): SubjectKind | null {
  if (type === saml) return 'saml';
  if (type === svid) return 'x509-svid';
  return type !== null && jwtTypes.includes(type) ? 'jwt' : null;
}

/** What is given has no registered name; these are ours, in the form that other vendors use. */
export const ticketType = 'urn:sallyport:params:oauth:token-type:ticket';
export const sshCertificateType = 'urn:sallyport:params:oauth:token-type:ssh-user-cert';
