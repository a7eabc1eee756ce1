import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

/** One Node process of the stack, with its log file and its readiness page. */
export class Service {
  readonly name: string;
  readonly http: string;
  readonly #script: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #log: string;
  readonly #tls: boolean;
  readonly #readyPath: string;
  #child: ChildProcess | null = null;

  constructor(of: { readonly name: string; readonly script: string; readonly env: Readonly<Record<string, string>>; readonly http: string; readonly log: string; readonly tls: boolean; readonly readyPath?: string }) {
    this.name = of.name;
    this.http = of.http;
    this.#script = of.script;
    this.#env = of.env;
    this.#log = of.log;
    this.#tls = of.tls;
    this.#readyPath = of.readyPath ?? '/readyz';
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get running(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  start(): void {
    const log = openSync(this.#log, 'a');
    this.#child = spawn(process.execPath, ['--enable-source-maps', this.#script], { stdio: ['ignore', log, log], env: { PATH: process.env['PATH'] ?? '', ...this.#env } });
    closeSync(log);
    const child = this.#child;
    const last = () => child.kill('SIGKILL');
    process.once('exit', last);
    child.once('exit', () => process.off('exit', last));
  }

  /** Waits until its readiness page says so. Throws with what it waits for, or that the process ended and where its log is. */
  async ready(timeoutMs = 90_000): Promise<void> {
    const until = Date.now() + timeoutMs;
    let waiting = 'an answer';
    while (Date.now() < until) {
      if (!this.running) throw new Error(`${this.name} ended at once; its log is ${this.#log} and ends with:\n${lastLines(this.#log)}`);
      try {
        const { status, text } = await get(`${this.#tls ? 'https' : 'http'}://${this.http}${this.#readyPath}`);
        if (status === 200) return;
        waiting = text;
      } catch {
        // Not listening yet.
      }
      await sleep(50);
    }
    throw new Error(`${this.name} is not ready; it waits for ${waiting.slice(0, 300)}; its log is ${this.#log}`);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === null || !this.running) return;
    const over = new Promise<void>((done) => child.once('exit', () => done()));
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await over;
    clearTimeout(late);
  }
}

/** What a process that has ended said last; services log nothing secret. */
function lastLines(log: string): string {
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-12).map((line) => line.slice(0, 1000)).join('\n');
}

/** Readiness says nothing secret and is asked on loopback only, so the certificate is not checked here. */
function get(url: string): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? getHttps(url, { rejectUnauthorized: false }) : getHttp(url);
    request.once('error', reject);
    request.setTimeout(2000, () => request.destroy(new Error('no answer')));
    request.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part)).once('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
  });
}
