import type { CommandDecided, CommandResult, EventData } from '@sallyport/domain-events';
import type { Described, EcsPlace, OcsfPlace } from '../described.ts';
import { present, type JsonObject } from '../json.ts';
import { known, type Family } from '../known-type.ts';
import type { Seen } from '../schema/envelope.ts';
import { count, list, object, oneOf, orNull, text } from '../schema/schema.ts';
import { databaseOf, endpointOf, onWhat, targetOf, whoOf } from './parties.ts';

/**
 * Commands. On a datastore they are Datastore Activity, on anything else API Activity. The query is the shape, whose literals are
 * out: texts and parameters are in encrypted blobs, which no sink reads.
 */
export const command = {
  'command.decided': known<'command.decided'>(
    object<Omit<CommandDecided, 'sides'>>({
      command: text, decision: oneOf('allow', 'deny', 'hold'), verb: text, reading: text, effects: list(text), shape: text, fingerprint: orNull(text), kind: text, rules: list(text), say: orNull(text),
    }),
    (event, d) => ({
      title: titles[d.decision],
      message: `${whoOf(event)} on ${onWhat(event)}: ${d.verb} ${words[d.decision]}${d.effects.length === 0 ? '' : ` (${d.effects.slice(0, 3).join(', ')}${d.effects.length > 3 ? ', …' : ''})`}`,
      severity: d.decision === 'deny' ? 'medium' : 'informational',
      outcome: d.decision === 'allow' ? 'success' : d.decision === 'deny' ? 'failure' : 'unknown',
      code: d.decision, reason: d.say, source: null,
      ocsf: {
        ...activity(event, d.verb, d.verb, { uid: d.command, shape: d.shape }, d.effects),
        control: d.decision === 'allow' ? { action: 'Allowed', disposition: 'Allowed' } : d.decision === 'deny' ? { action: 'Denied', disposition: 'Blocked' } : { action: 'Observed', disposition: 'Delayed' },
      },
      ecs: ecs(event, d.decision === 'allow' ? 'allowed' : d.decision === 'deny' ? 'denied' : 'info'),
    }),
  ),
  'command.settled': known<'command.settled'>(
    object<EventData['command.settled']>({ results: list(object<CommandResult>({ command: text, status: text, rows: count, bytes: count, micros: count, error: orNull(text) })) }),
    settled,
  ),
  'command.refused': known<'command.refused'>(object<EventData['command.refused']>({ request: text, code: text, say: text, what: text }), (event, d) => ({
    title: 'Command refused',
    message: `${whoOf(event)} on ${onWhat(event)}: refused (${d.code})`,
    severity: 'low', outcome: 'failure', code: d.code, reason: d.say, source: null,
    ocsf: { ...activity(event, 'refused', d.what, { uid: d.request, shape: null }, []), control: { action: 'Denied', disposition: 'Blocked' } },
    ecs: ecs(event, 'denied'),
  })),
} satisfies Family;

const titles = { allow: 'Command allowed', deny: 'Command denied', hold: 'Command held for approval' } as const;
const words = { allow: 'allowed', deny: 'denied', hold: 'held' } as const;

/** Kinds of target that are datastores. */
const datastores: ReadonlySet<string> = new Set(['postgres', 'mysql', 'mssql', 'mongodb', 'redis']);

/** Verbs that have an activity of their own: Read and Update of API Activity, Query and Write of Datastore Activity. The others are 99 with their name. */
const apiActivities: Readonly<Record<string, number>> = { read: 2, write: 3 };
const datastoreActivities: Readonly<Record<string, number>> = { read: 4, write: 5 };

function settled(event: Seen, { results }: EventData['command.settled']): Described {
  const failed = results.filter(({ error }) => error !== null);
  const rows = results.reduce((sum, result) => sum + result.rows, 0);
  return {
    title: 'Commands ended',
    message: `${whoOf(event)} on ${onWhat(event)}: commands ended ${results.length}, with an error ${failed.length}, rows ${rows}`,
    severity: 'informational', outcome: failed.length === 0 ? 'success' : 'failure', code: failed[0]?.error ?? null, reason: null, source: null,
    ocsf: activity(event, 'settled', 'settled', { uid: results.length === 1 ? (results[0]?.command ?? null) : null, shape: null }, []),
    ecs: ecs(event, failed.length === 0 ? 'info' : 'error'),
  };
}

function ecs(event: Seen, type: EcsPlace['type'][number]): EcsPlace {
  return { kind: 'event', category: event.on !== null && datastores.has(event.on.kind) ? ['database'] : ['api'], type: [type] };
}

function activity(event: Seen, verb: string, operation: string, query: { readonly uid: string | null; readonly shape: string | null }, effects: readonly string[]): OcsfPlace {
  const { on } = event;
  const members = { src_endpoint: endpointOf(event, null), dst_endpoint: targetOf(event) };
  if (on === null || !datastores.has(on.kind)) {
    return { class: 'api_activity', activity: apiActivities[verb] ?? verb, members: { ...members, api: present({ operation: operation === '' ? 'unknown' : operation, request: query.uid === null ? null : { uid: query.uid } }) } };
  }
  const table = only(effects);
  const info: JsonObject | null = query.shape === null ? null : present({ uid: query.uid, query_string: query.shape });
  return {
    class: 'datastore_activity',
    activity: datastoreActivities[verb] ?? verb,
    members: {
      ...members,
      ...present({
        database: databaseOf(on),
        table: table === null ? null : { name: table },
        query_info: info,
        type_id: table === null ? 1 : 3,
        type: table === null ? 'Database' : 'Table',
      }),
    },
  };
}

/** The one resource that all effects are on (`verb schema.table`), or null. */
function only(effects: readonly string[]): string | null {
  const names = new Set(effects.map((effect) => effect.slice(effect.indexOf(' ') + 1)));
  const [first] = names;
  return names.size === 1 && first !== undefined && first !== '' ? first : null;
}
