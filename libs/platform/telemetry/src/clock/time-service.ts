import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';

/** What the host's time service says. Microseconds. */
export interface TimeService {
  readonly source: string;
  /** Null: nobody is there to be asked. */
  readonly synchronised: boolean | null;
  /** How far the host's clock is ahead of the reference. */
  readonly offsetUs: number | null;
  /** How wrong that can be at most. */
  readonly errorUs: number | null;
}

const nobody: TimeService = { source: 'none', synchronised: null, offsetUs: null, errorUs: null };

/** Asks chrony, else looks whether systemd-timesyncd has set the clock. In a container neither is there, and the answer says so. */
export async function askTimeService(chronyc = 'chronyc', mark = '/run/systemd/timesync/synchronized'): Promise<TimeService> {
  const answer = await new Promise<string | null>((done) => {
    execFile(chronyc, ['-c', '-n', 'tracking'], { timeout: 2000, maxBuffer: 4096 }, (error, stdout) => done(error === null ? stdout : null));
  });
  if (answer !== null) return readTracking(answer);
  // timesyncd tells no offset without being asked over D-Bus.
  return stat(mark).then((): TimeService => ({ source: 'systemd-timesyncd', synchronised: true, offsetUs: null, errorUs: null }), () => nobody);
}

/** `chronyc -c tracking`, one line of comma-separated fields: the 5th is how slow the clock is in seconds, the 11th and 12th root delay and dispersion, the last the leap status. */
export function readTracking(line: string): TimeService {
  const fields = line.trim().split(',');
  const [offset, delay, dispersion] = [fields[4], fields[10], fields[11]].map(Number);
  const leap = fields.at(-1) ?? '';
  if (fields.length < 14 || offset === undefined || delay === undefined || dispersion === undefined || ![offset, delay, dispersion].every(Number.isFinite)) return { source: 'chrony', synchronised: false, offsetUs: null, errorUs: null };
  const us = (seconds: number) => Math.round(seconds * 1e6);
  // Chrony calls a slow clock positive.
  return { source: 'chrony', synchronised: leap !== 'Not synchronised', offsetUs: us(-offset) + 0, errorUs: us(Math.abs(dispersion) + Math.abs(delay) / 2) };
}
