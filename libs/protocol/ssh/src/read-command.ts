import type { Understanding } from '@sallyport/domain-model';
import { means } from './session/commands.ts';
import type { ShellSettings } from './shell/settings.ts';

/** What a command means. */
export function readCommand(_text: string, _settings: ShellSettings): Understanding {
  return means('EXEC', '…', [{ verb: 'unknown', resource: { kind: 'program', schema: null, name: '?' } }], 'opaque');
}
