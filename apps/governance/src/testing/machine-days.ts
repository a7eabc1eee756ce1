import { uuidv7 } from '@sallyport/domain-model';
import type { SmallLedger } from './small-ledger.ts';

export interface Visit {
  readonly target?: string;
  readonly client?: string | null;
  readonly protocol?: string;
  readonly source?: string;
  readonly binding?: string;
  readonly claims?: Record<string, string>;
  readonly tok?: string | null;
}

/** What machines do, told to a ledger as identity and gateways tell it: logins, sessions, commands with how long they ran. */
export class MachineDays {
  readonly ledger: SmallLedger;

  constructor(ledger: SmallLedger) {
    this.ledger = ledger;
  }

  login(machine: string, at: number, { source = '10.1.2.3', binding = `${machine}/b`, claims = {}, tok = null }: Visit = {}, session: string | null = null): void {
    this.ledger.tell('auth.ok', { binding, issuer: 'https://idp', claims, source, expires: '2099-01-01T00:00:00Z', micros: 1, door: 'postgres', session }, { who: `machine:${machine}`, at, tok });
  }

  replay(machine: string, at: number, source: string, first = '10.1.2.3', binding = `${machine}/b`): void {
    this.ledger.tell('auth.replay', { binding, jti: 'j', source, first_source: first, door: 'postgres', session: uuidv7() }, { who: `machine:${machine}`, at });
  }

  /** A session that came by a login of its own. */
  visit(machine: string, at: number, visit: Visit = {}): Visited {
    const sid = uuidv7();
    this.login(machine, at, visit, sid);
    return this.open(machine, at, visit, sid);
  }

  open(machine: string, at: number, { target = 'ledger-db', client = 'nightly', protocol = 'postgres', source = '10.1.2.3' }: Visit = {}, sid: string = uuidv7()): Visited {
    const about = { who: `machine:${machine}`, target, kind: protocol, sid };
    this.ledger.tell('session.opened', { protocol, role: null, source, client, evidence: 'strict', lease: 'l', policy: 1, mask_plan: null, key: { kek: '', epk: '', iv: '', wrapped: '' } }, { ...about, at });
    return {
      sid,
      run: (when, { effects = ['read ledger.entries'], shape = 'select $1', decision = 'allow', kind = 'SELECT', ran = 2, command = uuidv7() } = {}) => {
        this.ledger.tell('command.decided', { command, decision, verb: effects[0]?.split(' ')[0] ?? 'unknown', reading: 'whole', effects, shape, fingerprint: null, kind, rules: ['r'], say: null }, { ...about, at: when });
        if (ran !== null) this.ledger.tell('command.settled', { results: [{ command, status: 'ok', rows: 1, bytes: 1, micros: ran * 1000, error: null }] }, { ...about, at: when + ran });
        return command;
      },
      terminal: (when, term = 'xterm') => this.ledger.tell('recording.started', { command: uuidv7(), kind: 'terminal', columns: 80, rows: 25, term }, { ...about, at: when }),
      close: (when) => this.ledger.tell('session.closed', { final_seq: 0, head: '', by: 'client', why: 'terminated', commands: 0, denied: 0, held: 0, rows: 0, bytes: 0 }, { ...about, at: when }),
    };
  }

  /** A job that does the same at the same hour, day after day: what a machine's history is made of. */
  nightly(machine: string, from: number, days: number, { commands = 10, effects = ['read ledger.entries', 'write ledger.books'], visit = {} }: { readonly commands?: number; readonly effects?: readonly string[]; readonly visit?: Visit } = {}): void {
    for (let day = 0; day < days; day++) {
      const at = from + day * 86_400_000;
      const session = this.visit(machine, at, visit);
      for (let i = 0; i < commands; i++) session.run(at + i * 5, { effects: [effects[i % effects.length] ?? ''], shape: `${effects[i % effects.length] ?? ''} $1` });
      session.close(at + 1000);
    }
  }
}

export interface Visited {
  readonly sid: string;
  run(when: number, over?: { effects?: readonly string[]; shape?: string; decision?: 'allow' | 'deny' | 'hold'; kind?: string; ran?: number | null; command?: string }): string;
  terminal(when: number, term?: string): void;
  close(when: number): void;
}

/** Typed at a prompt: a command, its answer read, the next one. */
export function typed(session: Visited, at: number, count = 8, over: { effects?: readonly string[]; shape?: string } = {}): number {
  let when = at;
  for (let i = 0; i < count; i++) {
    session.run(when, over);
    when += 2000 + ((i * 7919) % 11) * 4000;
  }
  return when;
}
