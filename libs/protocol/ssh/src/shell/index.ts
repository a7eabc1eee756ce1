export { CommandReader, CommandReaders } from './reader.ts';
export { defaultShellSettings, type Dialect, type ShellSettings } from './settings.ts';
export { isUnreadable, understand, type Unreadable } from './understand.ts';
