import { Command } from 'commander';
import { does } from '../context.ts';
import { exit } from '../exit.ts';
import { agreed, nextOf, transfer, transferText } from '../output/machines.ts';
import { visibleLine } from '../output/visible.ts';

const path = (name: string, word: string): string => `/v1/machines/${encodeURIComponent(name)}/${word}`;

export const machinesTransfer = (): Command =>
  does(
    new Command('transfer').description('ask somebody to answer for a machine, also its owner, where it only has to work again. Whoever asks may not agree later. Exit 11: people are asked')
      .argument('<machine>').requiredOption('--to <person>', 'the new owner').option('--backup <person>', 'who stands in; default who did before').requiredOption('--reason <text>', 'why; stays in the ledger'),
    async ({ out, api }, [name = ''], { to, backup, reason }) => {
      out.show(await api().post(path(name, 'transfer'), { to, backup: backup ?? null, reason }, transfer), (value) => transferText(name, value));
      return exit.approvalPending;
    },
  );

export const machinesAccept = (): Command =>
  does(
    new Command('accept').description('say that you answer for it from now on, as whoever was asked. Good for fourteen days. Exit 11: others have to agree').argument('<machine>').option('--backup <person>', 'who stands in, where it cannot be who did before'),
    async ({ out, api }, [name = ''], { backup }) => {
      out.show(await api().post(path(name, 'accept'), { backup: backup ?? null }, transfer), (value) => transferText(name, value));
      return exit.approvalPending;
    },
  );

export const machinesAgree = (): Command =>
  does(
    new Command('agree').description('agree that it works under its new owner: neither he nor the one before nor who asked for it. Exit 11 while more have to').argument('<machine>'),
    async ({ out, api }, [name = '']) => {
      const done = await api().post(path(name, 'agree'), {}, agreed);
      const over = done.transfer.state === 'done';
      out.show(done, ({ transfer: one, state }) =>
        [visibleLine(over ? `machine ${name} is ${state}, and ${one.newOwner} answers for it` : `you agreed; machine ${name} is ${state} until others do, too`), ...(over ? [] : nextOf(name, one))].join('\n'),
      );
      return over ? exit.ok : exit.approvalPending;
    },
  );
