import { hash } from 'node:crypto';

/** Claims that name one runtime, which is in one place: a pod, a job of a pipeline; and a ticket, which is for whoever exchanged for it. */
const one: readonly string[] = ['ticket', 'kubernetes\\.io.pod.uid', 'job_id'];
/** Claims that name a run, whose jobs are on several runners at once. */
const several: readonly string[] = ['run_id', 'pipeline_id'];

/**
 * Which runtime a token was made for, as `one:…` or `several:…`; empty where it names none. By a hash: claims are for those who audit, and none of them is kept here.
 */
export function runtimeOf(claims: Readonly<Record<string, unknown>>): string {
  for (const [word, names] of [['one', one], ['several', several]] as const) {
    for (const name of names) {
      const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
      if (typeof value === 'string' && value !== '') return `${word}:${shortHash(`${name}\0${value}`)}`;
    }
  }
  return '';
}

/** 96 bits of SHA-256, base64url: tells things apart, proves nothing. */
export const shortHash = (text: string): string => hash('sha256', text, 'buffer').subarray(0, 12).toString('base64url');
