import { bare } from '@sallyport/platform-bus';
import { parameterLines } from '@sallyport/domain-model';
import type { Plan, Wish } from './manifest.ts';

/** One line without literals, for lists and notices. */
export function manifestShape({ machine, manifest: { target, role } }: Wish, { entries }: Plan): string {
  const runs = entries.reduce((sum, { decision, times }) => sum + (decision === 'hold' ? times : 0), 0);
  const count = (much: number, what: string) => `${much} ${what}${much === 1 ? '' : 's'}`;
  return `${count(entries.length, 'statement')} of ${machine} on ${role === null ? '' : `${role}@`}${target}, ${count(runs, 'run')} to approve`;
}

/** All that people say yes to. Every line of a statement is indented behind a bar, so that none can pass for a line of ours. */
export function manifestText(wish: Wish, plan: Plan): string {
  const { machine, requester, manifest: { target, role, reason, expiresIn, statements } } = wish;
  const head = [
    `${requester} asks that ${machine} may run these on ${target}${role === null ? '' : ` in role ${role}`}, in any session, each as often as it says, until ${duration(expiresIn)} after asking.`,
    `reason: ${reason.replaceAll(/\s+/g, ' ')}`,
  ];
  const listed = plan.entries.map(({ place, decision, times }) => {
    const statement = statements[place - 1];
    const text = bare(statement?.text ?? '').split('\n').map((line) => `    │ ${line}`);
    const shown = (statement?.parameters ?? []).map((value, at) => ({ name: `$${at + 1}`, kind: value === null ? ('null' as const) : ('text' as const), value: value ?? '', leftOut: 0, note: null }));
    const values = parameterLines({ list: shown, missing: null }).flatMap((line) => line.split('\n').map((part) => `    │   ${part}`));
    return [`${place}. ${decision === 'allow' ? 'policy allows it anyway' : times === 1 ? 'once' : `${times} times`}`, ...text, ...values].join('\n');
  });
  return [...head, '', ...listed].join('\n');
}

function duration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours === 0 ? `${minutes} min` : minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
}
