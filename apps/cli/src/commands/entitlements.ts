import { Command, Option } from 'commander';
import { does } from '../context.ts';
import { entitlement, entitlements, entitlementShown, entitlementsText, entitlementText } from '../output/entitlements.ts';
import { query } from '../query.ts';

export const entitlementsCommand = (): Command => new Command('entitlements').description('what machines may reach, until when').addCommand(list()).addCommand(show()).addCommand(revoke());

const states = ['live', 'used-up', 'expired', 'revoked', 'superseded', 'all'];

const list = () =>
  does(
    new Command('list').description('entitlements, newest first')
      .addOption(new Option('--state <state>', 'only those that stand so').choices(states).default('live')).addOption(new Option('--kind <kind>', 'only of this kind').choices(['standing', 'jit', 'break-glass']))
      .option('--machine <name>', 'only of this machine').option('--target <name>', 'only to this target').option('--role <role>', 'only in this role').option('--document <name>', 'only of this Entitlement document')
      .option('--unused <days>', 'only live ones that nobody used for so many days').option('--after <entitlement>', 'the page after this one').option('--limit <n>', 'how many', '50'),
    async ({ out, api }, _args, { state, kind, machine, target, role, document, unused, after, limit }) => {
      out.show(await api().get(`/v1/entitlements${query({ state: state === 'all' ? undefined : state, kind, machine, target, role, document, unusedDays: unused, after, limit })}`, entitlements), entitlementsText);
    },
  );

const show = () =>
  does(new Command('show').description('one of them, and the sessions that came by it').argument('<entitlement>'), async ({ out, api }, [id = '']) => {
    out.show(await api().get(`/v1/entitlements/${encodeURIComponent(id)}`, entitlementShown), entitlementText);
  });

const revoke = () =>
  does(
    new Command('revoke').description('end it now, and the sessions that are there by it; a standing one is not granted again before its document changes').argument('<entitlement>').requiredOption('--why <text>', 'for the record'),
    async ({ out, api }, [id = ''], { why }) => {
      out.show(await api().post(`/v1/entitlements/${encodeURIComponent(id)}/revoke`, { why }, entitlement), (one) => `entitlement ${one.id} of ${one.machine} has ended; its sessions are told to end`);
    },
  );
