import type { ResultMasker } from '@sallyport/domain-model';
import { readErrorFields, writeErrorFields } from '../messages/error-response.ts';
import { readNotification, writeNotification } from '../messages/notification-response.ts';
import { readParameterStatus } from '../messages/parameter-status.ts';
import { scrubFields } from './scrub-fields.ts';

/**
 * Settings whose values the server may report to the client (GUC_REPORT). On targets with a plan, `application_name` is not among
 * them: `set_config('application_name', (select …), false)` would carry a value past the masks.
 */
const reported = new Set([
  'client_encoding', 'DateStyle', 'default_transaction_read_only', 'in_hot_standby', 'integer_datetimes', 'IntervalStyle', 'is_superuser',
  'scram_iterations', 'search_path', 'server_encoding', 'server_version', 'session_authorization', 'standard_conforming_strings', 'TimeZone',
]);

/**
 * Messages that the server may send at any time: ParameterStatus, NoticeResponse, NotificationResponse. Answers what becomes of
 * the frame: it passes, it is dropped, or it is replaced.
 */
export function asideFrame(type: number, bytes: Buffer, start: number, end: number, masker: ResultMasker, ours: boolean): 'pass' | 'drop' | Buffer {
  const guarded = masker.plan !== null;
  switch (type) {
    case 0x53: {
      // ParameterStatus
      const { name } = readParameterStatus(bytes, start, end);
      if (reported.has(name)) return 'pass';
      return guarded ? 'drop' : 'pass';
    }
    case 0x4e: {
      // NoticeResponse
      if (ours) return 'drop';
      if (!guarded) return 'pass';
      return writeErrorFields('N', scrubFields(readErrorFields(bytes, start, end), (text) => masker.scrub(text)));
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
