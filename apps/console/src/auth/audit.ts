import { evidenceNote, type Bus, type Caller } from '@sallyport/platform-bus';
import type { Log } from '@sallyport/platform-telemetry';
import { ApiError, replyOf } from '../errors/api-error.ts';

/** Leaves `operator.acted` events: what people did or tried through the API. */
export class Audit {
  readonly #bus: Pick<Bus, 'call'>;
  readonly #log: Log;

  constructor(bus: Pick<Bus, 'call'>, log: Log) {
    this.#bus = bus;
    this.#log = log;
  }

  /**
   * Notes what was done or refused. It does not undo what is done: when the evidence service is away, ending a session must still work,
   * and the services that own the change have recorded it themselves. The log keeps what could not be noted.
   */
  async note(by: Caller, action: string, object: string, code: string | null): Promise<boolean> {
    const reply = await this.#bus.call(evidenceNote, { by, type: 'operator.acted', data: { action, object, ok: code === null, code } });
    if (!reply.ok) this.#log.error('an act could not be noted as evidence', { person: by.person, action, object, code, why: reply.error.code });
    return reply.ok;
  }

  /** Runs it and notes how it ended. */
  async during<T>(by: Caller, action: string, object: string, work: () => Promise<T>): Promise<T> {
    try {
      const done = await work();
      await this.note(by, action, object, null);
      return done;
    } catch (error) {
      const told = replyOf(error);
      await this.note(by, action, object, told.ok ? null : told.error.code);
      throw error;
    }
  }

  /** For reading what is sensitive: noted first, and not shown when it cannot be noted. */
  async before(by: Caller, action: string, object: string): Promise<void> {
    if (!(await this.note(by, action, object, null))) throw new ApiError('unavailable', 'this is only shown when it can be recorded, and the evidence service does not answer');
  }
}
