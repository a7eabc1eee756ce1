/** What is wrong with a document that is well formed. `refuse` stops the whole apply; `warn` is said and let pass. */
export interface Finding {
  readonly severity: 'refuse' | 'warn';
  readonly code: FindingCode;
  /** `spec.bindings[0].claims` */
  readonly path: string;
  /** What is wrong and what to do, one sentence. Repeats no claim values other than those of the document. */
  readonly say: string;
}

/** The closed list of findings. */
export const findingCodes = [
  'issuer-insecure', 'issuer-not-canonical', 'issuer-provider-wrong', 'issuer-tenant-missing', 'issuer-keys-shared', 'issuer-keys-private', 'issuer-immutable-missing',
  'issuer-immutable-mutable', 'issuer-audience-default', 'issuer-skew', 'issuer-age', 'issuer-stale-keys', 'issuer-retiring', 'issuer-login-not-for-people', 'issuer-login-audience', 'issuer-overlap',
  'binding-claim-path', 'binding-no-immutable-claim', 'binding-immutable-malformed', 'binding-claim-type', 'binding-claim-empty', 'binding-wildcard', 'binding-subject-only', 'binding-subject-unstable',
  'binding-audience-foreign', 'binding-audience-default', 'binding-event-outsider', 'binding-default-account', 'binding-mutable-claim', 'binding-wide', 'binding-replay-unjustified', 'binding-issuer-unknown',
  'binding-issuer-people', 'binding-name-twice', 'binding-overlap',
  'binding-ref-outsider', 'binding-ref-form', 'binding-ref-type', 'binding-ref-unprotected', 'binding-groups-overage', 'binding-tenant-foreign', 'binding-value-reusable', 'binding-subject-pairwise', 'binding-claim-version', 'binding-legacy-claim', 'binding-domain-foreign', 'binding-path-reusable',
  'machine-owner-alone', 'machine-unreachable', 'machine-review-past', 'machine-review-far', 'machine-acts-for-itself', 'machine-acts-for-nobody',
  'person-issuer-machines', 'person-roles-toxic', 'person-twice', 'approvers-quorum', 'approvers-too-few', 'approvers-role', 'target-plaintext', 'target-name-unchecked',
  'issuer-keys-kind', 'issuer-review-foreign',
  'entitlement-until-past', 'entitlement-not-enforced', 'target-access-policy',
  'reference-unknown', 'reference-inactive',
] as const;
export type FindingCode = (typeof findingCodes)[number];

export const refuse = (code: FindingCode, path: string, say: string): Finding => ({ severity: 'refuse', code, path, say });
export const warn = (code: FindingCode, path: string, say: string): Finding => ({ severity: 'warn', code, path, say });
