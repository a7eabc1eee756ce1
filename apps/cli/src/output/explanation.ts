import type { Explanation } from '../shapes.ts';
import type { Out } from './out.ts';
import { visibleLine } from './visible.ts';

const words = { allow: 'ALLOW', deny: 'DENY', hold: 'HOLD' } as const;
const whose = { machine: 'the machine', behalf: 'whom it acts for' } as const;
type Ruled = Pick<Explanation, 'decision' | 'rules'> & { readonly say: string | null };

/** The decision, and on somebody's behalf that for each of the two; then each statement with its effects and the rules that said so, then what the rules could see. */
export function explanationText(found: Explanation, out: Pick<Out, 'paint'>): string {
  const verdict = (one: Ruled) => {
    const word = words[one.decision];
    const reason = one.say === null ? '' : `: ${visibleLine(one.say)}`;
    const rules = one.rules.length === 0 ? (one.decision === 'deny' && one.say === null ? ' (no rule permits it)' : '') : ` (${visibleLine(one.rules.join(', '))})`;
    return `${out.paint(one.decision === 'allow' ? 'good' : 'bad', word)}${reason}${rules}`;
  };
  const statements = found.statements.flatMap((statement, i) => [
    '',
    `statement ${i + 1}: ${visibleLine(statement.shape)}`,
    `  ${verdict(statement)}`,
    ...statement.effects.map((effect) => `    ${found.sides === null ? '' : `${whose[effect.of]}: `}${visibleLine(effect.effect)}  ${verdict(effect)}`),
  ]);
  const context = Object.entries(found.context).map(([name, value]) => `  ${visibleLine(name)} = ${visibleLine(JSON.stringify(value))}`);
  const sides = found.sides === null ? [] : (['machine', 'behalf'] as const).map((of) => `  ${whose[of]}: ${verdict({ ...(found.sides?.[of] ?? found), say: null })}`);
  return [verdict(found), ...sides, ...statements, ...(context.length === 0 ? [] : ['', 'context', ...context])].join('\n');
}
