/** The services, each with its own process, bus user and rights. */
export const serviceNames = ['gateway', 'policy', 'approvals', 'masking', 'evidence', 'identity', 'governance', 'sinks', 'console'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** Users of the bus: the services, and the one that makes streams and buckets before they start. */
export const busUsers = [...serviceNames, 'bootstrap'] as const;
export type BusUser = (typeof busUsers)[number];

const siemName = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/;

/** The bus user and the durable consumer of EVIDENCE of one SIEM. Throws RangeError on a name that is not of small letters, digits and inner hyphens, up to 32. */
export function siemOf(name: string): { readonly user: string; readonly consumer: string } {
  if (!siemName.test(name)) throw new RangeError(`the name of a SIEM is of a-z, 0-9 and inner hyphens, up to 32 characters: ${JSON.stringify(name.slice(0, 40))}`);
  return { user: `siem-${name}`, consumer: `SIEM_${name}` };
}
