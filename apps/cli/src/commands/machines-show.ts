import { Command, Option } from 'commander';
import { does } from '../context.ts';
import { Failure } from '../failure.ts';
import { machines, machineShown, machinesText, machineText } from '../output/machines.ts';
import { query } from '../query.ts';

const states = ['draft', 'active', 'attention', 'suspended', 'retired'];

export const machinesList = (): Command =>
  does(
    new Command('list').description('machines in the order of their names')
      .addOption(new Option('--state <state>', 'only those that stand so').choices(states)).option('--owner <person>', 'only those that this person answers for')
      .addOption(new Option('--criticality <level>', 'only those of this criticality').choices(['low', 'medium', 'high', 'critical']))
      .option('--after <machine>', 'the page after this one').option('--limit <n>', 'how many', '50'),
    async ({ out, api }, _args, { state, owner, criticality, after, limit }) => {
      out.show(await api().get(`/v1/machines${query({ state, owner, criticality, after, limit })}`, machines), machinesText);
    },
  );

export const machinesShow = (): Command =>
  does(
    new Command('show').description('one machine: what it is, who answers for it, what holds it back, when and from where it came, what it is bound to, its history').argument('<machine>').option('--history <n>', 'how many lines of its history', '10'),
    async ({ out, api }, [name = ''], { history }) => {
      const lines = Number(history);
      if (!/^\d{1,4}$/.test(String(history))) throw new Failure('usage', `--history ${String(history)} is no number of lines`);
      out.show(await api().get(`/v1/machines/${encodeURIComponent(name)}`, machineShown), (value) => machineText(name, value, lines, Date.now()));
    },
  );
