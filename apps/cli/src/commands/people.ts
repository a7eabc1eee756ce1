import { Command } from 'commander';
import { does } from '../context.ts';
import { Failure } from '../failure.ts';
import { people, peopleText, revokedText, said, saidText } from '../output/people.ts';
import { query } from '../query.ts';
import { peopleImportHr } from './people-import-hr.ts';

export const peopleCommand = (): Command => new Command('people').description('who answers for machines, who is here and who is gone').addCommand(list()).addCommand(say('left')).addCommand(say('returned')).addCommand(revokeSessions()).addCommand(peopleImportHr());

const list = () =>
  does(
    new Command('list').description('people in the order of their names, and for how many machines each answers').option('--gone', 'only those who are gone').option('--here', 'only those who are here')
      .option('--after <person>', 'the page after this one').option('--limit <n>', 'how many', '50'),
    async ({ out, api }, _args, { gone, here, after, limit }) => {
      if (gone === true && here === true) throw new Failure('usage', 'nobody is both here and gone', 'give --here or --gone, or neither for all');
      out.show(await api().get(`/v1/people${query({ gone: gone === true ? 'true' : here === true ? 'false' : undefined, after, limit })}`, people), peopleText);
    },
  );

const words = {
  left: 'say that somebody is gone: privileged machines are suspended at once, others when the grace is over; somebody else is asked to answer for them',
  returned: 'say that somebody is back, whatever directories said; what was suspended meanwhile stays so',
} as const;

const say = (kind: 'left' | 'returned') =>
  does(new Command(kind).description(words[kind]).argument('<person>').requiredOption('--reason <text>', 'why; stays in the ledger: a case number, not a story'), async ({ out, api }, [name = ''], { reason }) => {
    out.show(await api().post(`/v1/people/${encodeURIComponent(name)}/${kind}`, { reason }, said), (value) => saidText(kind, value));
  });

const revokeSessions = () =>
  does(
    new Command('revoke-sessions').description('whoever logged in as this person until now has to log in again, and machines stop that act for them by such a login; their own machines work on').argument('<person>')
      .requiredOption('--reason <text>', 'why; stays in the ledger: a case number, not a story'),
    async ({ out, api }, [name = ''], { reason }) => {
      out.show(await api().post(`/v1/people/${encodeURIComponent(name)}/revoke-sessions`, { reason }, said), revokedText);
    },
  );
