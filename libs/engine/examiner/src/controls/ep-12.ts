import type { Control } from '../control.ts';
import { countIn, list, text, textIn } from '../fact.ts';
import { byText, joined, table } from '../table.ts';
import { answer, plural } from './no-data.ts';

export const ep12: Control = {
  id: 'EP-12',
  title: 'Sensitive data and masking',
  question: 'Was sensitive data returned, and was it masked?',
  exception: 'Masking failed closed: an answer was withheld because it could not be masked with certainty. Nothing leaked, but the job did not get its answer and somebody should know why.',
  query: 'mask.applied by target, column, tag, action and layer: commands, cells; and every mask.failed_closed.',
  reads: ['mask.applied', 'mask.failed_closed'],
  examine: ({ of, sessions }) => {
    const entries = of('mask.applied').flatMap((fact) => list(fact, 'columns').map((column) => ({ fact, target: sessions.get(fact.sid)?.target ?? '', column: textIn(column, 'column'), tag: textIn(column, 'tag'), action: textIn(column, 'action'), layer: textIn(column, 'layer'), cells: countIn(column, 'cells') })));
    const groups = [...Map.groupBy(entries, ({ target, column, tag, action, layer }) => JSON.stringify([target, column, tag, action, layer]))].sort(([a], [b]) => byText(a, b));
    const rows = groups.map(([, own]) => [own[0]?.target ?? '', own[0]?.column ?? '', own[0]?.tag ?? '', own[0]?.action ?? '', own[0]?.layer ?? '', new Set(own.map(({ fact }) => text(fact, 'command'))).size, sum(own.map(({ cells }) => cells)), joined(own.map(({ fact }) => sessions.get(fact.sid)?.machine ?? ''))]);
    const failed = of('mask.failed_closed');
    const cells = sum(entries.map((entry) => entry.cells));
    return answer({
      figures: [{ name: 'cells masked', value: cells }, { name: 'answers with masked cells', value: of('mask.applied').length }, { name: 'columns', value: new Set(entries.map(({ target, column }) => JSON.stringify([target, column]))).size }, { name: 'failed closed', value: failed.length }],
      result: table(['target', 'column', 'tag', 'action', 'layer', 'commands', 'cells', 'machines'], rows),
      exceptions: table(['at', 'machine', 'target', 'command', 'why', 'leaf'], failed.map((fact) => [fact.at, sessions.get(fact.sid)?.machine ?? null, sessions.get(fact.sid)?.target ?? null, text(fact, 'command'), text(fact, 'why'), fact.leaf])),
      story: [`${plural(cells, 'cell')} in ${plural(of('mask.applied').length, 'answer')} ${cells === 1 ? 'was' : 'were'} masked before ${cells === 1 ? 'it' : 'they'} left the gateway. Counts only: no value is in the evidence.`, 'Masking reduces exposure; it is no access boundary. A column that must not be known should not be granted.'],
      missing: 'reads that a rule leaves unmasked are not counted apart, and exceptions from masking with an expiry are not recorded as evidence yet; changes of classification are in EP-08',
    });
  },
};

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
