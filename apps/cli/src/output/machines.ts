import { z } from 'zod';
import { distant } from './moment.ts';
import { fields, pageWidth, table, wrap } from './table.ts';
import { visibleLine } from './visible.ts';

/** What this program reads of the API's answers about machines. */
export const transfer = z.object({
  id: z.string(), newOwner: z.string(), backupOwner: z.string().nullable(), previousOwner: z.string(), reason: z.string(), requestedBy: z.string().nullable(), requested: z.string(), state: z.string(),
  accepted: z.string().nullable(), ended: z.string().nullable(), agreed: z.array(z.object({ person: z.string(), groups: z.array(z.string()), at: z.string() })),
});
export type Transfer = z.infer<typeof transfer>;

export const machine = z.object({
  name: z.string(), version: z.number(), kind: z.string(), purpose: z.string(), team: z.string().nullable(), businessService: z.string().nullable(), environment: z.string(), criticality: z.string(), groups: z.array(z.string()),
  reviewBy: z.string(), vendor: z.object({ name: z.string(), contractEnd: z.string().nullable() }).nullable(), owner: z.string(), backupOwner: z.string(), ownerGone: z.string().nullable(), backupGone: z.string().nullable(),
  state: z.string(), documentState: z.string(), held: z.array(z.object({ cause: z.string(), state: z.string(), why: z.string(), since: z.string(), until: z.string().nullable() })), transfer: transfer.nullable(),
  usage: z.object({
    firstUsed: z.string(), lastUsed: z.string(), sources: z.array(z.string()), doors: z.array(z.string()), clients: z.array(z.string()), bindings: z.array(z.object({ binding: z.string(), firstUsed: z.string(), lastUsed: z.string() })),
  }).nullable(),
  bindings: z.array(z.object({ name: z.string(), issuer: z.string(), audience: z.string(), claims: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])), replay: z.string() })),
});
export type Machine = z.infer<typeof machine>;
export const machines = z.object({ machines: z.array(machine), total: z.number(), next: z.string().nullable() });

export const machineShown = z.object({
  machine: machine.nullable(),
  versions: z.array(z.object({ version: z.number(), change: z.string(), digest: z.string(), author: z.string(), at: z.string() })),
  statuses: z.array(z.object({ at: z.string(), cause: z.string(), state: z.string(), why: z.string(), since: z.string(), until: z.string().nullable(), person: z.string().nullable(), by: z.string() })),
  transfers: z.array(transfer),
});
export type MachineShown = z.infer<typeof machineShown>;

export const stopped = z.object({ machine: z.string(), state: z.string(), changed: z.boolean() });
export const agreed = z.object({ transfer, state: z.string() });

const minute = (at: string): string => `${at.slice(0, 16).replace('T', ' ')}Z`;

export function machinesText({ machines: rows, total, next }: z.infer<typeof machines>): string {
  if (rows.length === 0) return total === 0 ? 'no machines' : `no more of ${total}`;
  const text = table<Machine>(
    [
      { title: 'machine', of: ({ name }) => name, gives: 'way' },
      { title: 'state', of: ({ state }) => state },
      { title: 'criticality', of: ({ criticality }) => criticality },
      { title: 'owner', of: ({ owner, ownerGone }) => (ownerGone === null ? owner : `GONE: ${owner}`), gives: 'way' },
      { title: 'last used', of: ({ usage }) => (usage === null ? 'never' : minute(usage.lastUsed)) },
      { title: 'review by', of: ({ reviewBy }) => reviewBy },
    ],
    rows,
  );
  return `${text}\n${rows.length} of ${total}${next === null ? '' : `; the next: --after ${visibleLine(next)}`}`;
}

/** Everything about one: what it is, who answers for it, what holds it back, when it came, what it is bound to, and the newest of what happened to it. */
export function machineText(name: string, { machine: one, ...history }: MachineShown, lines: number, now: number): string {
  const happened = historyText(history, lines);
  if (one === null) return [`${visibleLine(name)} is no machine any more; this is what was`, ...happened].join('\n');
  return [fields(facts(one), 'wrapped'), ...held(one, now), ...transferLines(one), ...bindings(one), ...happened].join('\n');
}

function facts(one: Machine): [string, string][] {
  const { usage, vendor } = one;
  const person = (who: string, gone: string | null) => (gone === null ? who : `${who}, GONE since ${minute(gone)}`);
  return [
    ['machine', one.name],
    ['state', one.state === one.documentState ? one.state : `${one.state} (its document says ${one.documentState})`],
    ['kind', `${one.kind}, ${one.environment}, criticality ${one.criticality}`],
    ['purpose', one.purpose],
    ['owner', person(one.owner, one.ownerGone)], ['backup', person(one.backupOwner, one.backupGone)],
    ...(one.team === null ? [] : [['team', one.team] satisfies [string, string]]),
    ...(one.businessService === null ? [] : [['service', one.businessService] satisfies [string, string]]),
    ...(vendor === null ? [] : [['vendor', vendor.contractEnd === null ? vendor.name : `${vendor.name}, contract until ${vendor.contractEnd}`] satisfies [string, string]]),
    ['groups', one.groups.length === 0 ? 'none' : one.groups.join(', ')],
    ['review by', one.reviewBy],
    ['used', usage === null ? 'never' : `last ${minute(usage.lastUsed)}, first ${minute(usage.firstUsed)}`],
    ...(usage === null ? [] : ([['from', list(usage.sources)], ['by', list(usage.clients.filter((client) => client !== ''))], ['at', list(usage.doors)]] satisfies [string, string][])),
  ];
}

const list = (of: readonly string[]): string => (of.length === 0 ? '-' : of.join(', '));

function held({ held: causes }: Machine, now: number): string[] {
  if (causes.length === 0) return [];
  return ['', 'held back', ...causes.flatMap(({ cause, state, why, since, until }) => indented(`${state} since ${minute(since)} (${cause}): ${why}${until === null ? '' : `; suspended at ${distant(until, now)}`}`))];
}

function transferLines({ name, transfer: one }: Machine): string[] {
  return one === null ? [] : ['', 'handed over', ...indented(transferLine(one)), ...nextOf(name, one).map((line) => `  ${line}`)];
}

function bindings({ bindings: all, usage }: Machine): string[] {
  if (all.length === 0) return ['', 'bound to nothing: no token lets it in'];
  return ['', 'bound by', ...all.flatMap(({ name, issuer, audience, claims, replay }) => {
    const used = usage?.bindings.find(({ binding }) => binding === name);
    return [...indented(`${name}: tokens of ${issuer} for ${audience} (replay ${replay}); ${used === undefined ? 'never used' : `used last ${minute(used.lastUsed)}`}`), ...Object.entries(claims).flatMap(([claim, value]) => indented(`  ${claim} = ${String(value)}`, 6))];
  })];
}

/** Documents, statuses and transfers as one story, the newest first. */
function historyText({ versions, statuses, transfers }: Omit<MachineShown, 'machine'>, lines: number): string[] {
  const all = [
    ...versions.map(({ version, change, author, at }) => ({ at, say: `document ${change}, version ${version}, by ${author}` })),
    ...statuses.map(({ at, cause, state, why, until, by }) => ({ at, say: `${state} (${cause}): ${why}${until === null ? '' : `, suspended at ${minute(until)}`}; by ${by.replace(/^person:/, '')}` })),
    ...transfers.flatMap((one) => [
      { at: one.requested, say: `${one.newOwner} was asked to answer for it${one.requestedBy === null ? '' : ` by ${one.requestedBy}`}: ${one.reason}` },
      ...(one.accepted === null ? [] : [{ at: one.accepted, say: `${one.newOwner} accepted` }]),
      ...one.agreed.map(({ person, at }) => ({ at, say: `${person} agreed` })),
      ...(one.ended === null || one.state === 'done' ? [] : [{ at: one.ended, say: `that ${one.newOwner} was asked is ${one.state}` }]),
    ]),
  ].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  if (lines === 0 || all.length === 0) return [];
  const rest = all.length - lines;
  return ['', 'history', ...all.slice(0, lines).flatMap(({ at, say }) => indented(`${minute(at)}  ${say}`, 21)), ...(rest > 0 ? [`  and ${rest} more: --history ${all.length}`] : [])];
}

/** Indented by two, and what goes on in the next line by `hanging`. */
function indented(text: string, hanging = 4): string[] {
  const [first = '', ...rest] = wrap(visibleLine(text), pageWidth() - hanging, pageWidth() - 2);
  return [`  ${first}`, ...rest.map((line) => `${' '.repeat(hanging)}${line}`)];
}

function transferLine({ newOwner, previousOwner, backupOwner, requestedBy, requested, reason, accepted, agreed: yes, state }: Transfer): string {
  const asked = `${newOwner} is asked to answer for it in place of ${previousOwner}${backupOwner === null ? '' : `, with ${backupOwner} as backup`}, since ${minute(requested)}${requestedBy === null ? '' : ` by ${requestedBy}`}: ${reason}`;
  const said = [accepted === null ? null : `accepted ${minute(accepted)}`, yes.length === 0 ? null : `agreed: ${yes.map(({ person }) => person).join(', ')}`, state === 'requested' || state === 'accepted' ? null : state].filter((part) => part !== null);
  return said.length === 0 ? asked : `${asked}. ${said.join('; ')}`;
}

/** What has to happen next for a machine that is handed over. */
export function nextOf(name: string, { state, newOwner }: Pick<Transfer, 'state' | 'newOwner'>): string[] {
  switch (state) {
    case 'requested':
      return [visibleLine(`${newOwner} says yes by: sallyport machines accept ${name}`)];
    case 'accepted':
      return [visibleLine(`somebody else agrees by: sallyport machines agree ${name}`)];
    default:
      return [];
  }
}

export const transferText = (name: string, one: Transfer): string => [...wrap(visibleLine(`machine ${name}: ${transferLine(one)}`), pageWidth()), ...nextOf(name, one)].join('\n');
