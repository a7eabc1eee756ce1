import { Command } from 'commander';
import { z } from 'zod';
import { does } from '../context.ts';
import { exit } from '../exit.ts';
import { Failure } from '../failure.ts';
import { holdsText, scopeOf } from '../output/retention.ts';
import { query } from '../query.ts';
import { hold } from '../shapes.ts';

const answer = z.object({ hold });

export const evidenceHolds = (): Command => new Command('holds').description('legal holds: nothing in their scope is purged or made unreadable').addCommand(list()).addCommand(place()).addCommand(release());

const list = () =>
  does(new Command('list').description('holds that stand').option('--all', 'those that were released, too'), async ({ out, api }, _args, { all }) => {
    const found = await api().get(`/v1/evidence/holds${query({ all: all === true ? 'true' : undefined })}`, z.object({ holds: z.array(hold) }));
    out.show(found, ({ holds }) => holdsText(holds));
  });

const place = () =>
  does(
    new Command('place')
      .description('hold evidence; what is left out of the scope means all')
      .requiredOption('--reason <text>', 'why: a case number, not a name')
      .option('--session <id>', 'this session').option('--machine <name>', 'sessions of this machine').option('--target <name>', 'sessions to this target')
      .option('--from <moment>', 'what happened from then on').option('--to <moment>', 'what happened before')
      .option('--everything', 'the whole ledger: nothing is let go at all'),
    async ({ out, api }, _args, { reason, session, machine, target, from, to, everything }) => {
      const scope = { session, machine, target, from, to };
      const named = Object.values(scope).some((part) => part !== undefined);
      if (named === (everything === true)) throw new Failure('usage', named ? '--everything has no further scope' : 'a hold of what? Name a session, a machine, a target or a time, or --everything');
      const placed = await api().post('/v1/evidence/holds', { ...scope, reason }, answer);
      out.show(placed, (value) => `hold ${value.hold.id} stands: ${scopeOf(value.hold)}`);
    },
  );

const release = () =>
  does(
    new Command('release').description('ask for the end of a hold; it ends when a second person asks for the same').argument('<hold>').requiredOption('--reason <text>', 'why: a case number, not a name'),
    async ({ out, api }, [id = ''], { reason }) => {
      const found = await api().post(`/v1/evidence/holds/${encodeURIComponent(id)}/release`, { reason }, answer);
      out.show(found, (value) =>
        value.hold.released === null
          ? `asked for. Hold ${value.hold.id} stands until somebody else runs: sallyport evidence holds release ${value.hold.id} --reason …`
          : `hold ${value.hold.id} is released (asked for by ${value.hold.releaseRequested?.by ?? '?'})`,
      );
      return found.hold.released === null ? exit.approvalPending : exit.ok;
    },
  );
