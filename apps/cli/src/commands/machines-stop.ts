import { Command } from 'commander';
import { does } from '../context.ts';
import { stopped } from '../output/machines.ts';
import { visibleLine } from '../output/visible.ts';

const said = {
  suspend: 'stop it at once, with its sessions; it works again when its owner has accepted it and somebody else agreed',
  retire: 'stop it for ever, with its sessions; its history stays, and a new machine has another name',
} as const;

/** Stops a machine, for now or for ever. */
export const machinesStop = (word: 'suspend' | 'retire'): Command =>
  does(new Command(word).description(said[word]).argument('<machine>').requiredOption('--reason <text>', 'why; stays in the ledger: a case number, not a name'), async ({ out, api }, [name = ''], { reason }) => {
    const done = await api().post(`/v1/machines/${encodeURIComponent(name)}/${word}`, { reason }, stopped);
    out.show(done, ({ machine, state, changed }) => {
      const now = changed ? `machine ${machine} is ${state}; its sessions are told to end` : `machine ${machine} is ${state} already; nothing changed`;
      return [visibleLine(now), ...(state === 'suspended' ? [visibleLine(`to let it work again: sallyport machines transfer ${machine} --to PERSON --reason TEXT`)] : [])].join('\n');
    });
  });
