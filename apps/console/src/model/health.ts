import { z } from 'zod';
import { contract, subjects, type Bus } from '@sallyport/platform-bus';

export interface ServiceHealth {
  readonly service: string;
  readonly ok: boolean;
  readonly say: string;
}

/** A subject of each service that answers requests. Gateways answer none; `gateways.ts` hears them. */
const asked = { identity: subjects.identityList, policy: subjects.policyGet, masking: subjects.maskingList, approvals: subjects.approvalsList, evidence: subjects.evidenceNote, governance: subjects.governanceStatus, sinks: subjects.sinksList } as const;
const patienceMs = 1_000;

/**
 * Whether each service answers on the bus. Each is asked something that it must refuse as invalid, so that the question costs and
 * records nothing: any answer at all is a sign of life.
 */
export function health(bus: Pick<Bus, 'call'>): Promise<ServiceHealth[]> {
  return Promise.all(Object.entries(asked).map(async ([service, subject]) => {
    const reply = await bus.call(contract(subject, z.object({}), z.unknown()), {}, patienceMs);
    const ok = reply.ok || reply.error.code !== 'unavailable';
    return { service, ok, say: ok ? 'answers' : 'does not answer' };
  }));
}
