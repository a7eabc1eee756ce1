import { limits } from './limits.ts';
import type { Arg } from './arg.ts';

/**
 * Where something is: an absolute path (`/srv/data`), a path below the home directory (`~`, `~/x`), or null: not known. Symbolic links are not
 * followed, since they cannot be: a place is what the text says.
 */
export type Place = string | null;

/**
 * A word as a path, seen from a working directory: `//`, `.` and `..` are taken out. What climbs out of an unknown home directory is
 * nowhere that is known; nor is what goes through a process's own links, or has control characters in its name.
 */
export function place(arg: Arg, cwd: Place): Place {
  if (arg.text === null || arg.text.length > limits.name || hasControls(arg.text)) return null;
  if (arg.home) return below('~', arg.text);
  if (arg.text === '') return null;
  if (arg.text.startsWith('/')) return seen(below('', arg.text));
  if (cwd === null) return null;
  return cwd.startsWith('~') ? below('~', `${cwd.slice(1)}/${arg.text}`) : seen(below('', `${cwd}/${arg.text}`));
}

function below(root: '' | '~', path: string): Place {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined && root === '~') return null;
  }
  return parts.length === 0 && root === '' ? '/' : [root, ...parts].join('/');
}

/** `/proc/self/root/etc` is `/etc`, `/proc/1/cwd` anything. */
function seen(path: Place): Place {
  return path !== null && /^\/proc\/[^/]+\/(?:root|cwd|fd|task|map_files)(?:\/|$)/.test(path) ? null : path;
}

export function hasControls(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 32 || (c >= 127 && c < 160)) return true;
  }
  return false;
}

/** Devices that keep nothing, and the command's own open files: using them is no effect. */
export function isInert(path: Place): boolean {
  return path !== null && /^\/dev\/(?:null|zero|full|random|urandom|tty|stdin|stdout|stderr|fd\/\d+)$/.test(path);
}

/** The last part of a path: what a program calls itself. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The directory of an absolute or home path. */
export function directory(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === 0 ? '/' : path.slice(0, slash);
}
