import { fail, ok, subjects, type Bus } from '@sallyport/platform-bus';
import type { NatsServer } from './nats.ts';

/** Stands in for identity in a house without it, where a service asks how changes are governed. */
export interface Settings {
  /** What the Governance document says from now on; null: there is none, `silent`: identity is away. */
  say(spec: Readonly<Record<string, unknown>> | null | 'silent'): void;
}

/** Answers `identity.list` for the kind Governance, with no document until it is told one. */
export async function settingsOf(nats: NatsServer): Promise<Settings> {
  const identity: Bus = await nats.connect('identity');
  let spec: Readonly<Record<string, unknown>> | null | 'silent' = null;
  identity.nc.subscribe(subjects.identityList, {
    callback: (_error, message) => {
      const { kind } = message.json<{ kind: string }>();
      if (spec === 'silent') return;
      const documents = kind !== 'Governance' || spec === null ? [] : [{ apiVersion: 'sallyport/v1', kind, metadata: { name: 'default' }, spec }];
      message.respond(JSON.stringify(typeof kind === 'string' ? ok({ documents }) : fail('invalid', 'kind')));
    },
  });
  await identity.nc.flush();
  return { say: (next) => void (spec = next) };
}
