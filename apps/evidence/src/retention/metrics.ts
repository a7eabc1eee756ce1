import { counter, gauge } from '@sallyport/platform-telemetry';

export const keysDestroyed = counter('sallyport_evidence_keys_destroyed_total', 'Keys that session keys were sealed to, destroyed', ['why']);
export const monthsPurged = counter('sallyport_evidence_months_purged_total', 'Months of events or ciphertexts that were dropped by retention');

/** What is due and stays: held, or not delivered. */
export const blocked = { months: 0 };
gauge('sallyport_evidence_retention_blocked_months', 'Months that are due and stay', [], () => blocked.months);
