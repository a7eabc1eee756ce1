import type { Memory, Profile } from './memory.ts';

const day = 86_400_000;
/** A history that "never before" can be said of: two weeks, with a weekly job's three days, and enough commands that what is usual was among them. */
const historyMs = 14 * day;
const historyDays = 3;
const historyCommands = 50;
/** Before an hour of the day is odd. */
const hourDays = 10;
/** Distinct effects or statements of a machine at a target that are remembered; a machine with more is various, and nothing is new of it. */
export const mostKnown = 2000;

export const hasHistory = ({ first, days, commands }: Profile, at: number): boolean => at - first >= historyMs && days >= historyDays && commands >= historyCommands;

/** Whether a machine never worked in this hour of the day (UTC), nor in one beside it. */
export function isOddHour(profile: Profile, at: number): boolean {
  if (profile.days < hourDays || !hasHistory(profile, at)) return false;
  const hour = hourOf(at);
  return [hour + 23, hour, hour + 1].every((near) => (profile.hours & (1 << near % 24)) === 0);
}

export const hourOf = (at: number): number => Math.floor((at % day) / 3_600_000);

/** Whether a machine that has a history elsewhere comes to a target for the first time. */
export function isNewTarget(memory: Memory, machine: string, target: string, at: number): boolean {
  const profiles = memory.profilesOf(machine);
  return !profiles.has(target) && [...profiles.values()].some((profile) => hasHistory(profile, at));
}
