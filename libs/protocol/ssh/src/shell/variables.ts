import type { Findings } from './findings.ts';

/** Variables that no program takes for more than a way of showing things. */
const known = new Set(['LANGUAGE', 'TZ', 'TERM', 'COLUMNS', 'LINES', 'NO_COLOR', 'CI', 'DEBIAN_FRONTEND', 'OPTIND', 'OPTARG', 'REPLY', 'COLORTERM']);
/** Small names that programs read. */
const read = /^(?:https?_proxy|all_proxy|ftp_proxy|no_proxy|histchars|auto_resume)$/;

/**
 * A variable is set, for this shell or for a program. Small names and a few others are the script's own. Any other may change what
 * runs (`PATH`, `LD_PRELOAD`, `BASH_ENV`, `PAGER`, `GIT_SSH_COMMAND`, …): that is an effect of its own, for policy to decide. `value` null: not known.
 */
export function setVariable(name: string | null, out: Findings, value: string | null = null): void {
  if (name === null || !/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) {
    // In an index there may be code: `read 'a[$(rm x)]'`.
    out.opaque();
    out.add('unknown', 'setting', '?', '?');
    return;
  }
  out.sets.add(name);
  if (name === 'IFS') out.opaque();
  if (name === 'HOME' || name === 'CDPATH') out.lost = true;
  const harmless = isLocale(name) ? value !== null && utf8.test(value) : isHarmless(name);
  if (harmless) return out.add('control', 'setting', null, name);
  out.partial();
  out.add('unknown', 'setting', null, name);
}

function isHarmless(name: string): boolean {
  return known.has(name) || (/^[a-z_][a-z0-9_]*$/.test(name) && !read.test(name));
}

function isLocale(name: string): boolean {
  return name === 'LANG' || /^LC_[A-Z]+$/.test(name);
}

/** In another character set a quote can be the second byte of a letter. */
const utf8 = /^(?:|C|POSIX|[\w@]+\.(?:UTF-?8|utf-?8))$/;
