import type { On } from '@sallyport/domain-events';
import { present, type JsonObject } from '../json.ts';
import type { Seen } from '../schema/envelope.ts';

/** Who it was, for a sentence. */
export function whoOf(event: Seen): string {
  return event.who?.id ?? `service:${event.prod.id}`;
}

/** On what, for a sentence. */
export function onWhat(event: Seen): string {
  return event.on === null ? 'no target' : `${event.on.target} (${event.on.env})`;
}

/**
 * OCSF `user`: a pseudonym where there is one. Machines are service accounts (4), people users (1), our own services system (3).
 * The owner of a machine is not told: it is a reference to somebody, and nothing here needs it.
 */
export function userOf(event: Seen): JsonObject {
  const { who } = event;
  if (who === null) return present({ uid: `service:${event.prod.id}`, name: `service:${event.prod.id}`, type_id: 3, type: 'System' });
  const [type_id, type] = who.id.startsWith('person:') ? [1, 'User'] : who.id.startsWith('service:') ? [3, 'System'] : [4, 'Service'];
  return present({ uid: who.npid ?? who.id, name: who.id, type_id, type });
}

/** OCSF `user` of a machine that the data name. */
export function machineUser(machine: string): JsonObject {
  return { uid: machine, name: machine, type_id: 4, type: 'Service' };
}

/** OCSF `network_endpoint` of an address; where none is known, the service that wrote the event, by name. */
export function endpointOf(event: Seen, address: string | null): JsonObject {
  return address === null || address === '' ? { svc_name: 'sallyport', uid: event.prod.id } : isAddress(address) ? { ip: address } : { hostname: address };
}

/** OCSF `network_endpoint` of what it was on. Addresses of targets are not in events. */
export function targetOf(event: Seen): JsonObject {
  return event.on === null ? { svc_name: 'sallyport' } : { name: event.on.target, svc_name: event.on.kind };
}

/** OCSF `database`. */
export function databaseOf({ target, kind }: On): JsonObject {
  return relational.has(kind) ? { name: target, type_id: 1, type: 'Relational' } : { name: target, type_id: 99, type: kind === '' ? 'unknown' : kind };
}

const relational: ReadonlySet<string> = new Set(['postgres', 'mysql', 'mssql']);

/** An IP address in text form, loosely: enough to keep host names out of address fields. */
export function isAddress(value: string): boolean {
  return value.length <= 45 && (/^\d{1,3}(\.\d{1,3}){3}$/.test(value) || (value.includes(':') && /^[0-9A-Fa-f:.]+$/.test(value)));
}
