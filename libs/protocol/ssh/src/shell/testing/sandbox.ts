import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

/** Programs that only say that they ran. */
const silent = ['rm', 'curl', 'wget', 'scp', 'ssh', 'nc', 'git', 'python3', 'perl', 'systemctl', 'mystery', 'docker'];
/** Programs that say so and run. */
const real = ['cat', 'cp', 'mv', 'ln', 'mkdir', 'touch', 'tee', 'ls', 'head', 'tail', 'sort', 'uniq', 'wc', 'cut', 'tr', 'rev', 'sed', 'awk', 'grep', 'find', 'xargs', 'env', 'nice', 'nohup', 'timeout', 'setsid', 'stdbuf', 'base64', 'seq', 'dd', 'truncate', 'chmod', 'mktemp', 'basename', 'dirname', 'id', 'sleep', 'date', 'expr', 'diff', 'cmp', 'od', 'paste', 'nl', 'tac', 'install', 'split', 'tar', 'gzip', 'gunzip', 'readlink', 'stat', 'printenv', 'yes', 'rmdir', 'unlink', 'flock', 'time'];
const shells = ['bash', 'dash'] as const;
export type RealShell = (typeof shells)[number];

export interface Ran {
  readonly status: number | null;
  /** Programs that were started, as often as they were. */
  readonly programs: readonly string[];
  /** Paths that are new, gone or changed, absolute. */
  readonly written: readonly string[];
  readonly stdout: string;
}

/**
 * A throw-away home directory, with a PATH of programs that log that they ran. What runs in it is another user's when we are root, so that a command
 * that gets out of the directory finds nothing to write.
 */
export class Sandbox {
  readonly root: string;
  readonly home: string;
  readonly #bin: string;
  readonly #log: string;
  readonly #owner: { readonly uid: number; readonly gid: number } | null;

  constructor() {
    this.root = mkdtempSync(join(tmpdir(), 'shell-'));
    this.#owner = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : null;
    this.home = join(this.root, 'home');
    this.#bin = join(this.root, 'bin');
    this.#log = join(this.root, 'log');
    mkdirSync(this.#bin);
    chmodSync(this.root, 0o755);
    for (const name of silent) this.#stub(name, 'exit 0');
    for (const name of real) this.#stub(name, `exec ${which(name) ?? 'false'} "$@"`);
    this.#stub('sh', `exec ${which('dash') ?? '/bin/sh'} "$@"`);
    for (const name of shells) this.#stub(name, `exec ${which(name) ?? 'false'} "$@"`);
    this.#stub('sudo', 'while :; do case "$1" in -u) shift 2;; -*) shift;; *) break;; esac; done; exec "$@"');
    this.reset();
  }

  #stub(name: string, then: string): void {
    const file = join(this.#bin, name);
    writeFileSync(file, `#!${which('dash') ?? '/bin/sh'}\nprintf '%s\\n' ${name} >> ${this.#log}\n${then}\n`);
    chmodSync(file, 0o755);
  }

  /** A home with `f` (a file), `d/e` (a file in a directory), `d/d` (a directory), `s` (a script that runs `mystery`). */
  reset(): void {
    rmSync(this.home, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    mkdirSync(join(this.home, 'd', 'd'), { recursive: true });
    writeFileSync(join(this.home, 'f'), 'one\ntwo\n');
    writeFileSync(join(this.home, 'd', 'e'), 'three\n');
    writeFileSync(join(this.home, 's'), 'mystery\n');
    writeFileSync(this.#log, '');
    if (this.#owner === null) return;
    for (const path of [this.home, this.#log, ...everything(this.home)]) chownSync(path, this.#owner.uid, this.#owner.gid);
  }

  run(shell: RealShell, command: string): Ran {
    this.reset();
    const before = this.#snapshot();
    // The fourth stream is every child's too: the call is over when the last of them is, also those in the background.
    const [program = shell, ...args] = [...(limiter === undefined ? [] : [limiter, '-s', 'KILL', '5']), which(shell) ?? shell, '-c', command];
    const done = spawnSync(program, args, {
      cwd: this.home, env: { PATH: this.#bin, HOME: this.home, LC_ALL: 'C.UTF-8' }, input: '', stdio: ['pipe', 'pipe', 'pipe', 'pipe'], timeout: 10_000, killSignal: 'SIGKILL', encoding: 'utf8', maxBuffer: 1 << 20, ...this.#owner,
    });
    // Not over in time: what it had done by then says nothing.
    if (done.status === null || done.status === 137) return { status: null, programs: [], written: [], stdout: '' };
    const after = this.#snapshot();
    const written = [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path));
    return { status: done.status, programs: readFileSync(this.#log, 'utf8').split('\n').filter((name) => name !== ''), written, stdout: done.stdout };
  }

  #snapshot(): ReadonlyMap<string, string> {
    const seen = new Map<string, string>();
    for (const path of everything(this.home)) {
      const stat = statSync(path, { throwIfNoEntry: false });
      seen.set(path, stat === undefined ? 'link' : stat.isDirectory() ? `directory ${stat.mode}` : `${stat.mode} ${stat.size} ${stat.mtimeMs} ${stat.isFile() ? readFileSync(path, 'latin1').slice(0, 1000) : ''}`);
    }
    return seen;
  }

  /** For messages: a path as seen from the home directory. */
  shown(path: string): string {
    return relative(this.home, path);
  }

  close(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Ends a command with all that it started. */
const limiter = which('timeout');

function everything(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true }).map((entry) => join(entry.parentPath, entry.name));
}

function which(name: string): string | undefined {
  return ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin'].map((directory) => join(directory, name)).find((path) => existsSync(path));
}
