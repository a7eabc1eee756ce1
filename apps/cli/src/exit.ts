/** Exit codes. Scripts depend on them: they are only added to. */
export const exit = {
  ok: 0,
  /** Anything that is not said more exactly below: the API cannot be reached, a service failed. */
  failed: 1,
  /** Wrong arguments, unreadable or invalid files, missing settings. */
  usage: 2,
  /** Not authenticated, not allowed, or denied by policy. */
  denied: 10,
  approvalPending: 11,
  /** The approval was rejected, expired or withdrawn. */
  approvalOver: 12,
  tampered: 20,
  incomplete: 21,
  untrustedKey: 22,
} as const;
export type ExitCode = (typeof exit)[keyof typeof exit];

const byCode: Readonly<Record<string, ExitCode>> = {
  usage: exit.usage,
  invalid: exit.usage,
  'not-found': exit.usage,
  unauthenticated: exit.denied,
  'session-revoked': exit.denied,
  unauthorized: exit.denied,
  forbidden: exit.denied,
  denied: exit.denied,
  held: exit.denied,
  'rate-limited': exit.denied,
  'self-approval': exit.denied,
  'not-an-approver': exit.denied,
  'machine-not-active': exit.denied,
  'already-voted': exit.denied,
  'own-request': exit.denied,
  'no-path': exit.denied,
  'too-long': exit.denied,
  'too-many-uses': exit.denied,
  'already-asked': exit.approvalPending,
  reviewed: exit.approvalOver,
  ended: exit.approvalOver,
  'change-required': exit.denied,
  'base-moved': exit.denied,
  'not-approved': exit.approvalPending,
  'not-open': exit.approvalOver,
  expired: exit.approvalOver,
  'not-pending': exit.approvalOver,
  'machine-retired': exit.denied,
  'person-unknown': exit.usage,
  'backup-same': exit.usage,
  'backup-needed': exit.usage,
  'owner-left': exit.denied,
  'contract-over': exit.denied,
  'document-says-left': exit.denied,
  'nothing-asked': exit.usage,
  'not-accepted': exit.approvalPending,
  'self-review': exit.denied,
  assigned: exit.denied,
  decided: exit.approvalOver,
  closed: exit.approvalOver,
  waiting: exit.approvalPending,
  'not-a-reviewer': exit.usage,
  empty: exit.usage,
  unused: exit.usage,
  'too-much': exit.usage,
};

/** The exit code for an error code of the API or of this program. Unknown ones are `failed`. */
export const exitFor = (code: string): ExitCode => byCode[code] ?? exit.failed;
