import { Command, Option } from 'commander';
import { does } from '../context.ts';
import { exit, type ExitCode } from '../exit.ts';
import { approvalText, approvalsText } from '../output/approvals.ts';
import { query } from '../query.ts';
import { approval, approvals } from '../shapes.ts';

export const approvalsCommand = (): Command =>
  new Command('approvals').description('see and answer what machines ask leave for').addCommand(list()).addCommand(show()).addCommand(vote('approve')).addCommand(vote('reject'));

const states = ['pending', 'approved', 'rejected', 'expired', 'withdrawn', 'consumed', 'all'];

const list = () =>
  does(
    new Command('list').description('approvals, newest first').addOption(new Option('--state <state>', 'only in this state').choices(states).default('pending')).addOption(new Option('--kind <kind>', 'only what asks for this').choices(['command', 'access', 'manifest', 'change'])).option('--before <approval>', 'older than this one').option('--limit <n>', 'how many', '50'),
    async ({ out, api }, _args, { state, kind, before, limit }) => {
      const found = await api().get(`/v1/approvals${query({ state: state === 'all' ? undefined : state, kind, before, limit })}`, approvals);
      out.show(found, (value) => approvalsText(value.approvals, value.total, Date.now()));
    },
  );

const show = () =>
  does(
    new Command('show').description('all that is asked, with the full text').argument('<approval>').option('--exit-code', '11 while pending, 12 when rejected, expired or withdrawn'),
    async ({ out, api }, [id = ''], options) => {
      const found = await api().get(`/v1/approvals/${encodeURIComponent(id)}`, approval);
      out.show(found, (value) => approvalText(value, Date.now()));
      return options['exitCode'] === true ? exitOf(found.state) : exit.ok;
    },
  );

const vote = (word: 'approve' | 'reject') =>
  does(
    new Command(word).description(word === 'approve' ? 'say yes; when enough people have, the command runs' : 'say no; one is enough').argument('<approval>').option('--comment <text>', 'for the record; stored encrypted'),
    async ({ out, api }, [id = ''], { comment }) => {
      const now = await api().post(`/v1/approvals/${encodeURIComponent(id)}/${word}`, { comment: typeof comment === 'string' ? comment : null }, approval);
      out.show(now, ({ state, subject, machine, target, id: approved }) => {
        const what = subject === null && machine !== null && target !== null ? `${machine} on ${target}` : `${subject?.kind ?? 'approval'} ${subject?.id ?? approved}`;
        return state === 'pending' ? `your approval is counted; ${what} still waits for others` : `${what}: ${state}`;
      });
    },
  );

function exitOf(state: string): ExitCode {
  switch (state) {
    case 'pending':
      return exit.approvalPending;
    case 'approved':
    case 'consumed':
      return exit.ok;
    default:
      return exit.approvalOver;
  }
}
