export { defaultShellSettings, type ShellSettings } from './settings.ts';
