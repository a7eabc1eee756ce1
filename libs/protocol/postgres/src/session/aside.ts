import type { ResultMasker } from '@sallyport/domain-model';
import { readErrorFields, writeErrorFields } from '../messages/error-response.ts';
import { readNotification, writeNotification } from '../messages/notification-response.ts';
import { readParameterStatus, writeParameterStatus, type ParameterStatus } from '../messages/parameter-status.ts';
import { scrubFields } from './scrub-fields.ts';

/** What our reading of statements rests on. The login has pinned these; a server that reports another value is not understood any more. */
const pinned: ReadonlyMap<string, string> = new Map([['client_encoding', 'UTF8'], ['standard_conforming_strings', 'on']]);

/**
 * Settings whose values the server may report (GUC_REPORT) on targets with a plan, with the form that a value must have: a setting can
 * be made from data (`set_config('TimeZone', '<' || ssn || '>0', false)`), which would carry it past the masks. `application_name` and
 * `search_path` take any text, so they are not here.
 */
const word = /^[a-z_]{1,16}$/;
const zone = /^[A-Za-z_+/-]{1,40}\d{0,2}$/;
const style = /^[A-Za-z_, ]{1,40}$/;
const version = /^[\w .()+~-]{1,100}$/;
const reported: ReadonlyMap<string, RegExp> = new Map([
  ['DateStyle', style], ['IntervalStyle', word], ['TimeZone', zone], ['default_transaction_read_only', word], ['in_hot_standby', word],
  ['integer_datetimes', word], ['is_superuser', word], ['server_encoding', /^\w{1,20}$/], ['server_version', version],
]);

/** What becomes of a frame: it passes, it is dropped, it is replaced, or the session cannot go on. */
export type Aside = 'pass' | 'drop' | Buffer | { readonly broken: string };

export interface AsideTerms {
  readonly masker: ResultMasker;
  /** The frame came while a query of our own was answered. */
  readonly ours: boolean;
  /** What the client is told to be logged in as: the target's name, never the credential's. */
  readonly user: string;
}

/** Messages that the server may send at any time: ParameterStatus, NoticeResponse, NotificationResponse. */
export function asideFrame(type: number, bytes: Buffer, start: number, end: number, terms: AsideTerms): Aside {
  const guarded = terms.masker.plan !== null;
  switch (type) {
    case 0x53:
      return parameter(readParameterStatus(bytes, start, end), guarded, terms.user);
    case 0x4e: {
      // NoticeResponse
      if (terms.ours) return 'drop';
      if (!guarded) return 'pass';
      return writeErrorFields('N', scrubFields(readErrorFields(bytes, start, end), (text) => terms.masker.scrub(text)));
    }
    case 0x41: {
      // NotificationResponse: the payload is free text of another session
      if (!guarded) return 'pass';
      const { pid, channel } = readNotification(bytes, start, end);
      return writeNotification(pid, channel, '[masked]');
    }
    default:
      return 'drop';
  }
}

/** The parameters of a login as the client may see them: the same, but for the name of the credential's user. */
export function welcomeParameter(name: string, value: string, user: string): Buffer {
  return writeParameterStatus(name, name === 'session_authorization' ? user : value);
}

function parameter({ name, value }: ParameterStatus, guarded: boolean, user: string): Aside {
  const must = pinned.get(name);
  if (must !== undefined && value !== must) return { broken: `the setting ${name} has been changed, and statements could not be read with certainty any more` };
  if (name === 'session_authorization') return writeParameterStatus(name, user);
  if (!guarded || must !== undefined) return 'pass';
  return reported.get(name)?.test(value) === true ? 'pass' : 'drop';
}
