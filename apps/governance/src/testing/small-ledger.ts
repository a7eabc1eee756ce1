import { hash } from 'node:crypto';
import { EventChain, type Authority, type EventData, type EventType, type On, type Who } from '@sallyport/domain-events';
import { instant, uuidv7 } from '@sallyport/domain-model';
import type { evidenceFollow } from '@sallyport/platform-bus';
import type { z } from 'zod';

type Leaf = z.input<(typeof evidenceFollow)['value']>['leaves'][number];

export interface About {
  readonly who?: string | null;
  readonly target?: string | null;
  readonly kind?: string;
  readonly auth?: Authority | null;
  readonly sid?: string;
  /** Milliseconds since 1970. */
  readonly at?: number;
  /** Hash of the token. */
  readonly tok?: string | null;
}

/** A ledger in memory, as the evidence service would tell it. */
export class SmallLedger {
  leaves: Leaf[] = [];
  /** Leaves of one answer at most. */
  most = 1000;

  tell<T extends EventType>(type: T, data: EventData[T], { who = null, target = null, kind = 'postgres', auth = null, sid = uuidv7(), at = Date.now(), tok = null }: About = {}): void {
    const parties: { who: Who | null; on: On | null } = {
      who: who === null ? null : { id: who, npid: null, iss: null, tok, jti: null, owner: null },
      on: target === null ? null : { target, kind, env: 'production' },
    };
    const chain = new EventChain({ tenant: 'default', sid, producer: { id: 'gw-1', epoch: sid } }, parties);
    this.add(chain.write(type, data, { id: uuidv7(), pseq: this.leaves.length + 1, wall: instant(at), monoUs: at * 1000 }, auth), at);
  }

  add(bytes: Uint8Array, at = Date.now()): void {
    this.leaves.push({ leaf: this.leaves.length, event: uuidv7(), sha256: hash('sha256', bytes, 'hex'), received: new Date(at).toISOString(), bytes: Buffer.from(bytes).toString('base64'), openings: [] });
  }

  page(from: number, limit: number): { leaves: Leaf[]; size: number } {
    return { leaves: this.leaves.slice(from, from + Math.min(limit, this.most)), size: this.leaves.length };
  }

  /** As a restored backup: everything from this leaf on never was. */
  setBack(to: number): void {
    this.leaves = this.leaves.slice(0, to);
  }

  /** A session of a machine, to tell its commands. */
  session(machine: string, target: string, { role = null, protocol = 'postgres', at = Date.now(), policy = 1 }: { role?: string | null; protocol?: string; at?: number; policy?: number } = {}): SmallSession {
    const about = { who: `machine:${machine}`, target, kind: protocol, sid: uuidv7() };
    this.tell('session.opened', { protocol, role, source: '10.1.2.3', client: 'psql', evidence: 'strict', lease: 'l', policy, mask_plan: null, key: { kek: '', epk: '', iv: '', wrapped: '' } }, { ...about, at });
    return {
      sid: about.sid,
      run: (effects, { decision = 'allow', kind = 'SELECT', rules = ['r1'], say = null, approval = null, command = uuidv7(), when = at, reading = 'whole', version = policy } = {}) => {
        const data = { command, decision, verb: effects[0]?.split(' ')[0] ?? 'unknown', reading, effects, shape: '', fingerprint: null, kind, rules, say };
        this.tell('command.decided', data, { ...about, auth: { policy: version, slice: null, lease: null, approval }, at: when });
        return command;
      },
      close: () => this.tell('session.closed', { final_seq: 0, head: '', by: 'client', why: 'terminated', commands: 0, denied: 0, held: 0, rows: 0, bytes: 0 }, about),
    };
  }
}

export interface SmallSession {
  readonly sid: string;
  run(effects: readonly string[], over?: { decision?: 'allow' | 'deny' | 'hold'; kind?: string; rules?: readonly string[]; say?: string | null; approval?: string | null; command?: string; when?: number; reading?: string; version?: number }): string;
  close(): void;
}
