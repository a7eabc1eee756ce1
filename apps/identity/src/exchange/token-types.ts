/** RFC 8693 section 2.1 and 3; the registered names of what is taken. */
export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const subjectTokenTypes: readonly string[] = ['jwt', 'access_token', 'id_token'].map((name) => `urn:ietf:params:oauth:token-type:${name}`);

/** What is given has no registered name; these are ours, in the form that other vendors use. */
export const ticketType = 'urn:sallyport:params:oauth:token-type:ticket';
export const sshCertificateType = 'urn:sallyport:params:oauth:token-type:ssh-user-cert';
