import { Command } from 'commander';
import { z } from 'zod';
import { does } from '../context.ts';
import { exit } from '../exit.ts';
import { erasure } from '../shapes.ts';

export const evidenceErase = (): Command =>
  does(
    new Command('erase')
      .description('make the texts of a session unreadable for ever, in every copy; it takes two administrators. What happened stays in the ledger')
      .requiredOption('--session <id>', 'the session')
      .requiredOption('--reason <text>', 'why: a case number, not a name'),
    async ({ out, api }, _args, { session, reason }) => {
      const found = await api().post(`/v1/evidence/sessions/${encodeURIComponent(String(session))}/erase`, { reason }, z.object({ erasure }));
      out.show(found, ({ erasure: { state, due, session: id } }) => {
        switch (state) {
          case 'requested':
            return `asked for. The texts stay until somebody else runs: sallyport evidence erase --session ${id} --reason …`;
          case 'confirmed':
            return `from now on nobody is shown the texts of session ${id}. Their key is destroyed ${due === null || due <= new Date().toISOString().slice(0, 10) ? 'within the hour' : `on ${due}, when nothing that is sealed to it can still be on its way`}`;
          case 'done':
            return `the texts of session ${id} are erased: their key is destroyed`;
        }
      });
      return found.erasure.state === 'requested' ? exit.approvalPending : exit.ok;
    },
  );
