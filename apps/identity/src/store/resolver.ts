import { performance } from 'node:perf_hooks';
import { uuidv7 } from '@sallyport/domain-model';
import { fail, ok, type Principal, type Reply } from '@sallyport/platform-bus';
import { TokenRefusedError } from '@sallyport/platform-identity';
import { StoreError } from '@sallyport/platform-store';
import { counter, histogram, type Log } from '@sallyport/platform-telemetry';
import { admit, refusedToken } from '../model/admit.ts';
import { Admissions, AdmissionsFullError, type Judged, type Ruled } from './admissions.ts';
import type { Registry } from './registry.ts';

const attempts = counter('sallyport_identity_attempts_total', 'Tokens shown, by what came of it', ['outcome']);
const took = histogram('sallyport_identity_resolve_seconds', 'From the request to the recorded answer');

export interface ResolveRequest {
  readonly token: string;
  readonly door: string;
  readonly source: { readonly address: string; readonly port: number; readonly client: string | null };
  readonly session: string | null;
  readonly expect: 'machine' | 'person';
}

/** Who comes with this token? Every answer, good or bad, was recorded before it is given. */
export class Resolver {
  readonly #registry: Registry;
  readonly #admissions: Admissions;
  readonly #log: Log;

  constructor(registry: Registry, admissions: Admissions, log: Log) {
    this.#registry = registry;
    this.#admissions = admissions;
    this.#log = log;
  }

  async resolve(request: ResolveRequest): Promise<Reply<Principal>> {
    const began = performance.now();
    const judge = () => this.#judge(request);
    const judged = await judge();
    const attempt = {
      id: uuidv7(),
      door: request.door.slice(0, 40),
      source: request.source.address.slice(0, 64),
      session: request.session?.slice(0, 64) ?? null,
      micros: Math.round((performance.now() - began) * 1000),
    };
    try {
      return answer(await this.#admissions.settle({ attempt, judged, judge }));
    } catch (error) {
      if (!(error instanceof StoreError || error instanceof AdmissionsFullError)) throw error;
      attempts.inc({ outcome: 'unavailable' });
      this.#log.error('an attempt could not be recorded and is refused', { error });
      return fail('unavailable', 'the attempt cannot be recorded now; try again');
    } finally {
      took.observe((performance.now() - began) / 1000);
    }
  }

  /** By one inventory from beginning to end, whose revision goes with the judgement. */
  async #judge({ token, expect }: ResolveRequest): Promise<Judged> {
    const { inventory, verifier } = this.#registry;
    const { revision } = inventory;
    try {
      return { judgement: admit(await verifier.verify(token), inventory, expect), revision };
    } catch (error) {
      if (error instanceof TokenRefusedError) return { judgement: refusedToken(error, null), revision };
      throw error;
    }
  }
}

function answer({ judgement, replayOf }: Ruled): Reply<Principal> {
  if (judgement.kind === 'refuse') {
    attempts.inc({ outcome: judgement.code });
    return fail(judgement.answer, `${judgement.say} (${judgement.code})`);
  }
  if (replayOf !== null) {
    attempts.inc({ outcome: 'replay' });
    return fail('unauthenticated', judgement.use?.mode === 'single_use' ? 'the token was used before, and may be used once (replay)' : 'the token was used from another address before (replay)');
  }
  attempts.inc({ outcome: 'ok' });
  return ok(judgement.principal);
}
