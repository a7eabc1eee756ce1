import { z } from 'zod';

/** What this program reads of the API's answers. Unknown members pass: a newer console may say more. */
export const change = z.object({ kind: z.string(), name: z.string(), change: z.enum(['created', 'updated', 'removed', 'unchanged']), version: z.number() });
export type Change = z.infer<typeof change>;

export const plan = z.object({ changes: z.array(change), warnings: z.array(z.string()), dryRun: z.boolean() });
export type Plan = z.infer<typeof plan>;

export const documents = z.object({ documents: z.array(z.record(z.string(), z.unknown())) });

export const shownParameters = z.object({
  list: z.array(z.object({ name: z.string(), kind: z.enum(['null', 'text', 'plain', 'bytes']), value: z.string(), leftOut: z.number(), note: z.string().nullable() })),
  missing: z.string().nullable(),
});

const statementUse = z.object({ place: z.number(), shape: z.string(), decision: z.string(), times: z.number(), used: z.number() });
export const quorum = z.object({ group: z.string(), count: z.number() });
export const approval = z.object({
  id: z.string(), state: z.string(), subject: z.object({ kind: z.string(), id: z.string() }).nullable().default(null), requester: z.string().nullable().default(null),
  behalf: z.object({ kind: z.string(), name: z.string() }).nullable().default(null),
  machine: z.string().nullable(), owner: z.string().nullable(), target: z.string().nullable(), environment: z.string().nullable(), source: z.string(), session: z.string().nullable(), command: z.string().nullable(),
  shape: z.string(), effects: z.array(z.string()), rules: z.array(z.string()), say: z.string(), quorum: z.array(quorum), created: z.string(), expires: z.string(),
  votes: z.array(z.object({ by: z.string(), vote: z.string(), comment: z.string().nullable(), at: z.string() })), text: z.string().nullable(), parameters: shownParameters.nullable(),
  manifest: z.object({ role: z.string().nullable(), statements: z.array(statementUse) }).nullable().default(null),
});
export type Approval = z.infer<typeof approval>;
export const manifestAnswer = z.object({
  approval: z.string().nullable(), url: z.string().nullable(), expires: z.string().nullable(), quorum: z.array(quorum),
  statements: z.array(z.object({ place: z.number(), shape: z.string(), times: z.number(), decision: z.string() })),
  refused: z.array(z.object({ place: z.number(), code: z.string(), say: z.string(), rules: z.array(z.string()) })),
});
export type ManifestAnswer = z.infer<typeof manifestAnswer>;
/** `total` counts all that fit, on every page; an older console gives none. */
export const approvals = z.object({ approvals: z.array(approval), total: z.number().nullable().default(null) });

export const session = z.object({
  id: z.string(), machine: z.string(), target: z.string(), protocol: z.string(), opened: z.string(), closed: z.string().nullable(), end: z.string().nullable(),
  commands: z.number(), denied: z.number(), held: z.number(), rows: z.number(), bytes: z.number(),
});
export type Session = z.infer<typeof session>;
/** `total` is how many there are besides this page, which it counts too; an older console gives none. */
export const sessions = z.object({ sessions: z.array(session), total: z.number().nullable().default(null) });

/** Disclosures of what the event conceals; an older console gives none. */
const openings = z.array(z.string()).default([]);

/** Places, or numbers of a chain, that have no event: purged by policy, or missing. */
export const absence = z.object({ from: z.number(), to: z.number(), pruned: z.boolean() });
export type Absence = z.infer<typeof absence>;

export const replay = z.object({ events: z.array(z.object({ bytes: z.string(), openings, texts: z.array(z.object({ role: z.string(), text: z.string().nullable(), parameters: shownParameters.nullish() })) })), unreadable: z.string().nullable().default(null) });
export const eventPage = z.object({ events: z.array(z.object({ at: z.number(), received: z.string(), bytes: z.string(), sha256: z.string().optional(), openings })), absent: z.array(absence).default([]), next: z.number().nullable() });

export const checkpoint = z.object({ note: z.string() });
export const tile = z.object({ hashes: z.base64() });

const moment = z.object({ by: z.string(), at: z.string() });
export const hold = z.object({
  id: z.string(), reason: z.string(), scope: z.object({ session: z.string().nullable(), machine: z.string().nullable(), target: z.string().nullable(), from: z.string().nullable(), to: z.string().nullable() }),
  placed: moment, releaseRequested: moment.extend({ reason: z.string() }).nullable(), released: moment.nullable(),
});
export type Hold = z.infer<typeof hold>;
export const erasure = z.object({ session: z.string(), reason: z.string(), state: z.enum(['requested', 'confirmed', 'done']), requested: moment, confirmed: moment.nullable(), due: z.string().nullable() });
export type Erasure = z.infer<typeof erasure>;
export const retentionPlan = z.object({
  classes: z.array(z.object({ name: z.string(), days: z.number(), effectiveDays: z.number() })), delivered: z.number().nullable(),
  items: z.array(z.object({ what: z.string(), name: z.string(), class: z.string(), due: z.string(), holds: z.array(z.string()), say: z.array(z.string()) })), erasures: z.array(erasure),
});
export type RetentionPlan = z.infer<typeof retentionPlan>;

const answer = z.enum(['allow', 'deny', 'hold']);
const side = z.object({ decision: answer, rules: z.array(z.string()) });
export const explanation = z.object({
  decision: answer, say: z.string().nullable(), rules: z.array(z.string()),
  statements: z.array(z.object({
    shape: z.string(), decision: answer, say: z.string().nullable(), rules: z.array(z.string()),
    effects: z.array(z.object({ effect: z.string(), decision: answer, rules: z.array(z.string()), say: z.string().nullable(), of: z.enum(['machine', 'behalf']).default('machine') })),
  })),
  sides: z.object({ machine: side, behalf: side }).nullable().default(null),
  context: z.record(z.string(), z.unknown()),
});
export type Explanation = z.infer<typeof explanation>;

export const me = z.object({ person: z.string(), roles: z.array(z.string()), groups: z.array(z.string()), tokenExpires: z.string().nullable() });
export const health = z.object({ version: z.string(), services: z.array(z.object({ service: z.string(), ok: z.boolean(), say: z.string() })) });

export const loginPlaces = z.object({
  issuers: z.array(z.object({ name: z.string(), issuer: z.string(), clientId: z.string(), scopes: z.array(z.string()), audience: z.string().nullable(), resource: z.string().nullable(), token: z.enum(['access', 'id']) })),
});

export const tokenExplanation = z.object({
  verdict: z.enum(['machine', 'person', 'refused']), code: z.string().nullable(), say: z.string().nullable(), issuer: z.string().nullable(),
  machine: z.string().nullable(), binding: z.string().nullable(), person: z.string().nullable(), behalf: z.object({ kind: z.string(), name: z.string() }).nullable().default(null), expires: z.string().nullable(),
  used: z.object({ source: z.string(), at: z.string(), mode: z.enum(['bind_first', 'single_use']) }).nullable(),
  candidate: z.object({ id: z.string().nullable(), state: z.string(), attempts: z.number(), firstSeen: z.string().nullable(), lastSeen: z.string().nullable() }).nullable().default(null),
  bindings: z.array(z.object({
    machine: z.string(), binding: z.string(), fits: z.boolean(), audience: z.object({ wanted: z.string(), same: z.boolean() }),
    claims: z.array(z.object({ claim: z.string(), wanted: z.string(), found: z.string().nullable(), same: z.boolean() })),
  })),
});
export type TokenExplanation = z.infer<typeof tokenExplanation>;

export const changeSummary = z.object({
  id: z.string(), state: z.string(), title: z.string(), ticket: z.string().nullable(), author: z.string(), kinds: z.array(z.string()), count: z.number(), digest: z.string(), say: z.string(), round: z.number(),
  rollsBack: z.string().nullable(), rolledBackBy: z.string().nullable(), created: z.string(), changed: z.string(),
});
export type ChangeSummary = z.infer<typeof changeSummary>;
export const changeList = z.object({ changes: z.array(changeSummary), total: z.number() });
export const changeView = changeSummary.extend({
  documents: z.array(z.unknown()), policies: z.array(z.object({ name: z.string(), text: z.string() })), remove: z.array(z.object({ kind: z.string(), name: z.string() })), prune: z.boolean(),
  parts: z.array(z.object({
    owner: z.string(), changes: z.array(change), warnings: z.array(z.string()), kinds: z.array(z.string()), approvers: z.array(quorum), binding: z.string(),
    approval: z.string().nullable(), approvalState: z.string().nullable(), approvedBy: z.array(z.string()), applied: z.boolean(),
  })),
  diff: z.string().nullable(), changedDecisions: z.number().nullable(), activatedBy: z.string().nullable(),
});
export type ChangeView = z.infer<typeof changeView>;
