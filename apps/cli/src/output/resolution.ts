import type { TokenExplanation } from '../shapes.ts';
import type { Out } from './out.ts';
import { visibleLine } from './visible.ts';

/** Bindings that are shown claim by claim. */
const shown = 3;

/** What the console says that a token would be, and how the nearest bindings compare. */
export function resolutionText(told: TokenExplanation, out: Out): string {
  return [verdict(told, out), ...candidate(told), ...used(told), ...bindings(told, out)].join('\n');
}

function verdict({ verdict: kind, machine, behalf, person, binding, code, say }: TokenExplanation, out: Out): string {
  switch (kind) {
    case 'machine':
      return `${out.paint('good', 'ACCEPTED')} as machine ${visibleLine(machine ?? '?')}, by binding ${visibleLine(binding ?? '?')}${behalf === null ? '' : `, on behalf of ${visibleLine(`${behalf.kind} ${behalf.name}`)}: policy must allow both`}`;
    case 'person':
      return `${out.paint('good', 'ACCEPTED')} as person ${visibleLine(person ?? '?')}`;
    case 'refused': {
      const who = machine !== null ? ` It would be machine ${visibleLine(machine)}.` : person !== null ? ` It would be person ${visibleLine(person)}.` : '';
      return `${out.paint('bad', 'REFUSED')}: ${visibleLine(say ?? 'no reason given')} (${visibleLine(code ?? '?')}).${who}`;
    }
  }
}

/** Whom no binding names: what is known of it, and what can be done. */
function candidate({ candidate: one }: TokenExplanation): string[] {
  if (one === null) return [];
  if (one.id === null) return ['Nobody is bound to it. Shown at a door it becomes a candidate: `sallyport candidates list`.'];
  const id = visibleLine(one.id);
  const seen = `tried ${one.attempts} times, last at ${visibleLine(one.lastSeen ?? '?')}`;
  if (one.state === 'blocked') return [`It is candidate ${id}, and blocked (${seen}): \`sallyport candidates reopen ${id}\` takes that back.`];
  return [`It is candidate ${id} (${visibleLine(one.state)}, ${seen}): \`sallyport candidates show ${id}\`, then adopt or block.`];
}

function used({ used: first }: TokenExplanation): string[] {
  if (first === null) return [];
  const rule = first.mode === 'single_use' ? 'it is good for one use: the next one is a replay' : 'from any other address it is a replay';
  return [`Used since ${visibleLine(first.at)} by ${visibleLine(first.source)}; ${rule}.`];
}

/** The binding that fits is enough; else the nearest, with what differs. */
function bindings({ bindings: all }: TokenExplanation, out: Out): string[] {
  const near = all.some(({ fits }) => fits) ? all.filter(({ fits }) => fits) : all.slice(0, shown);
  const lines = near.flatMap(({ machine, binding, audience, claims }) => [
    '',
    `binding ${visibleLine(binding)} of machine ${visibleLine(machine)}`,
    line(audience.same, 'aud', JSON.stringify(audience.wanted), audience.same ? null : 'the token is for others', out),
    ...claims.map(({ claim, wanted, found, same }) => line(same, claim, wanted, same ? null : found === null ? 'not in the token' : `the token has ${found}`, out)),
  ]);
  const rest = all.length - near.length;
  return rest > 0 && !all.some(({ fits }) => fits) ? [...lines, '', `and ${rest} more that ${rest === 1 ? 'is' : 'are'} further away`] : lines;
}

function line(same: boolean, name: string, wanted: string, but: string | null, out: Out): string {
  return `  ${same ? out.paint('good', '=') : out.paint('bad', '≠')} ${visibleLine(name)}: ${visibleLine(wanted)}${but === null ? '' : `; ${visibleLine(but)}`}`;
}
