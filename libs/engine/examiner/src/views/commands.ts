import { countIn, list, text, textIn, type Fact } from '../fact.ts';

export interface CommandEnd {
  readonly status: string;
  readonly rows: number;
  readonly bytes: number;
  readonly micros: number;
  readonly error: string;
}

/** What the events say of one command. A held one that was let through has two decisions: the hold and the allow. */
export interface CommandCase {
  readonly command: string;
  readonly decisions: readonly Fact[];
  readonly end: CommandEnd | null;
  readonly refusals: readonly Fact[];
  readonly masks: readonly Fact[];
}

type Building = { -readonly [K in keyof CommandCase]: CommandCase[K] extends readonly Fact[] ? Fact[] : CommandCase[K] };

/** By command id, in the order of the first decision; refusals of what never was a command are under their request id. */
export function readCommands(of: (...types: readonly string[]) => readonly Fact[]): ReadonlyMap<string, CommandCase> {
  const found = new Map<string, Building>();
  const get = (command: string): Building => {
    const known = found.get(command) ?? { command, decisions: [], end: null, refusals: [], masks: [] };
    found.set(command, known);
    return known;
  };
  for (const fact of of('command.decided', 'command.refused', 'mask.applied', 'mask.failed_closed', 'command.settled')) {
    switch (fact.type) {
      case 'command.decided':
        get(text(fact, 'command')).decisions.push(fact);
        break;
      case 'command.refused':
        get(text(fact, 'request')).refusals.push(fact);
        break;
      case 'command.settled':
        for (const result of list(fact, 'results')) get(textIn(result, 'command')).end = endOf(result);
        break;
      default:
        get(text(fact, 'command')).masks.push(fact);
    }
  }
  return found;
}

const endOf = (result: unknown): CommandEnd => ({ status: textIn(result, 'status'), rows: countIn(result, 'rows'), bytes: countIn(result, 'bytes'), micros: countIn(result, 'micros'), error: textIn(result, 'error') });

export const decisionOf = ({ decisions }: CommandCase, decision: 'allow' | 'deny' | 'hold'): Fact | null => decisions.find((fact) => text(fact, 'decision') === decision) ?? null;
