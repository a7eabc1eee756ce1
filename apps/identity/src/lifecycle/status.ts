import { seconds, type GovernanceSettings, type MachineDocument } from '@sallyport/platform-config';
import type { State } from './state.ts';
import { contractOver, type Gone } from './words.ts';

/** Why a machine is held back besides its document. Each cause stands and ends by itself. */
export type Cause = 'owner-gone' | 'vendor-contract' | 'review' | 'operator' | 'document' | (string & {});

/** What stands of one cause. */
export interface MachineStatus {
  readonly machine: string;
  readonly cause: Cause;
  readonly state: Exclude<State, 'draft' | 'active'>;
  readonly why: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** When attention becomes a suspension; null for never by itself, and for all other states. */
  readonly until: number | null;
  /** Whose leaving it follows from. */
  readonly person: string | null;
}

/** A change of what stands. */
export interface NewStatus extends Omit<MachineStatus, 'state'> {
  readonly state: MachineStatus['state'] | 'cleared';
  /** `identity`, or `person:NAME`. */
  readonly setBy: string;
}

export function withStatuses(standing: readonly MachineStatus[], changed: readonly NewStatus[]): readonly MachineStatus[] {
  const last = new Map(standing.map((one) => [`${one.cause} ${one.machine}`, one]));
  for (const { machine, cause, state, why, since, until, person } of changed) {
    if (state === 'cleared') last.delete(`${cause} ${machine}`);
    else last.set(`${cause} ${machine}`, { machine, cause, state, why, since, until, person });
  }
  return [...last.values()];
}

/** What is so, whatever was concluded from it before. */
export interface Facts {
  /** Null while the owner is here. */
  readonly owner: Gone | null;
  /** The owner was gone before this was looked at, and nothing was concluded from it: there is no grace to give any more. */
  readonly overlooked: boolean;
  readonly settings: GovernanceSettings;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Criticality high and critical. */
export const isPrivileged = ({ spec }: MachineDocument): boolean => spec.criticality === 'high' || spec.criticality === 'critical';

/**
 * What has to change of what stands, so that it agrees with the facts. What is suspended stays so, whatever the facts become: that is lifted by people. Grace that was given is
 * never made longer by a later setting, only shorter.
 */
export function conclude(machine: MachineDocument, standing: readonly MachineStatus[], facts: Facts): readonly NewStatus[] {
  const of = (cause: Cause) => standing.find((one) => one.cause === cause) ?? null;
  return [ownerGone(machine, of('owner-gone'), facts), vendor(machine, of('vendor-contract'), facts), review(machine, of('review'), facts), retired(machine, standing, facts)].filter((one) => one !== null);
}

function ownerGone(machine: MachineDocument, standing: MachineStatus | null, { owner, overlooked, settings, now }: Facts): NewStatus | null {
  const head = { machine: machine.metadata.name, cause: 'owner-gone', setBy: 'identity' } as const;
  if (owner === null) {
    if (standing?.state !== 'attention') return null;
    return { ...head, state: 'cleared', why: `its owner ${machine.spec.owner} answers for it`, since: now, until: null, person: machine.spec.owner };
  }
  if (standing !== null && standing.state !== 'attention') return null;
  const grace = overlooked && standing === null ? 0 : seconds(isPrivileged(machine) ? settings.ownerGone.privileged : settings.ownerGone.others) * 1000;
  const since = standing?.since ?? now;
  const until = Math.min(standing?.until ?? Number.POSITIVE_INFINITY, since + grace);
  const why = `its owner ${machine.spec.owner} is no longer active`;
  // `!(until > now)` also for a NaN, which no duration of a checked document is.
  if (!(until > now)) return { ...head, state: 'suspended', why: standing === null ? why : `${why}, and nobody else answered for it in time`, since: now, until: null, person: machine.spec.owner };
  if (standing !== null && standing.until === until) return null;
  return { ...head, state: 'attention', why, since, until, person: machine.spec.owner };
}

function vendor({ metadata, spec }: MachineDocument, standing: MachineStatus | null, { now }: Facts): NewStatus | null {
  if (standing !== null || contractOver(spec.vendor?.contractEnd, now) === null) return null;
  const why = `the contract of its vendor ${spec.vendor?.name ?? ''} ended on ${spec.vendor?.contractEnd ?? ''}`;
  return { machine: metadata.name, cause: 'vendor-contract', state: 'suspended', why, since: now, until: null, person: null, setBy: 'identity' };
}

/** A lapsed review asks for attention: nothing new is granted, and what access it has ends by the dates that were set for it. */
function review({ metadata, spec }: MachineDocument, standing: MachineStatus | null, { now }: Facts): NewStatus | null {
  const head = { machine: metadata.name, cause: 'review', since: now, until: null, person: null, setBy: 'identity' } as const;
  const lapsed = contractOver(spec.reviewBy, now) !== null;
  if (lapsed && standing === null) return { ...head, state: 'attention', why: `its review was due on ${spec.reviewBy}` };
  return !lapsed && standing?.state === 'attention' ? { ...head, state: 'cleared', why: `its next review is due on ${spec.reviewBy}` } : null;
}

function retired({ metadata, spec }: MachineDocument, standing: readonly MachineStatus[], { now }: Facts): NewStatus | null {
  if (spec.state !== 'retired' || standing.some(({ state }) => state === 'retired')) return null;
  return { machine: metadata.name, cause: 'document', state: 'retired', why: 'its document says that it is retired', since: now, until: null, person: null, setBy: 'identity' };
}
