/** The services, each with its own process, bus user and rights. */
export const serviceNames = ['gateway', 'policy', 'approvals', 'masking', 'evidence', 'identity', 'console'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** Users of the bus: the services, and the one that makes streams and buckets before they start. */
export const busUsers = [...serviceNames, 'bootstrap'] as const;
export type BusUser = (typeof busUsers)[number];
