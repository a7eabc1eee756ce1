import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toldBy, type Told } from '../follow/told.ts';
import { MachineDays, typed, type Visit } from '../testing/machine-days.ts';
import { SmallLedger } from '../testing/small-ledger.ts';
import { fold, needsOf } from './fold.ts';
import { Memory } from './memory.ts';
import type { Sighting } from './sighting.ts';

const night = Date.UTC(2026, 9, 1, 2);
const day = 86_400_000;
const later = (days: number, hour = 2) => night + days * day + (hour - 2) * 3_600_000;

function story(tell: (days: MachineDays) => void): readonly Told[] {
  const ledger = new SmallLedger();
  tell(new MachineDays(ledger));
  return ledger.leaves.flatMap((leaf) => toldBy({ ...leaf, openings: [] }) ?? []);
}

function seen(page: readonly Told[], kind: string | null = 'batch'): Sighting[] {
  return fold(new Memory(), page, () => kind);
}
const of = (kind: Sighting['kind'], sightings: readonly Sighting[]) => sightings.filter((one) => one.kind === kind);
const human = (tell: (days: MachineDays) => void, kind: string | null = 'batch') => of('human_use', seen(story(tell), kind)).map(({ facts }) => facts);

describe('use by a person', () => {
  it('is a window that only people have, at its first look', () => {
    expect(human((days) => void days.visit('nightly', night, { client: 'DBeaver 24.2.3 - SQLEditor <Script.sql>' }))).toEqual([['the client is DBeaver']]);
    expect(human((days) => void days.visit('nightly', night, { client: 'PuTTY_Release_0.81', protocol: 'ssh' }))).toEqual([['the client is PuTTY']]);
  });

  it('is a login shell on a terminal; neither alone, and not a shell that was refused', () => {
    const shell = (with_: { terminal: boolean; kind: string; decision?: 'allow' | 'deny' }) => (days: MachineDays) => {
      const session = days.visit('nightly', night, { client: 'OpenSSH_9.2p1', protocol: 'ssh' });
      session.run(night, { kind: with_.kind, effects: [`${with_.kind === 'shell' ? 'shell' : 'execute'} program:x`], decision: with_.decision ?? 'allow' });
      if (with_.terminal) session.terminal(night);
    };
    expect(human(shell({ terminal: true, kind: 'shell' }))).toEqual([['a login shell on a terminal']]);
    expect(human(shell({ terminal: false, kind: 'shell' }))).toEqual([]);
    expect(human(shell({ terminal: true, kind: 'exec' }))).toEqual([]);
    expect(human(shell({ terminal: true, kind: 'shell', decision: 'deny' }))).toEqual([]);
  });

  it('is psql that is typed into; not psql in a script, nor typing alone', () => {
    expect(human((days) => void typed(days.visit('nightly', night, { client: 'psql' }), night))).toEqual([['commands follow each other as if they were typed', 'the client is psql']]);
    expect(human((days) => void days.nightly('nightly', night, 30, { visit: { client: 'psql' } }))).toEqual([]);
    expect(human((days) => void typed(days.visit('nightly', night), night))).toEqual([]);
  });

  it('is no script whose statements take their time: what runs is not what thinks', () => {
    expect(human((days) => {
      const session = days.visit('nightly', night, { client: 'psql' });
      let at = night;
      for (let i = 0; i < 12; i++) {
        const ran = 2000 + ((i * 7919) % 11) * 4000;
        session.run(at, { ran });
        at += ran + 3;
      }
    })).toEqual([]);
  });

  it('is no poller, whatever its interval, and no wait for an approval', () => {
    expect(human((days) => {
      const session = days.visit('nightly', night, { client: 'psql' });
      for (let i = 0; i < 20; i++) session.run(night + i * 10_000, { ran: 5 + i });
    })).toEqual([]);
    expect(human((days) => {
      const session = days.visit('nightly', night, { client: 'psql' });
      let at = night;
      for (let i = 0; i < 8; i++) {
        const command = session.run(at, { decision: 'hold', ran: null });
        at += 60_000 + i * 50_000;
        session.run(at, { command, ran: 4 });
        at += 5;
      }
    })).toEqual([]);
  });

  it('takes several weak signs that agree, and no release with new statements alone', () => {
    const release = (hour: number, client: string) => (days: MachineDays) => {
      days.nightly('nightly', night, 20);
      const at = later(20, hour);
      const session = days.visit('nightly', at, { client });
      for (let i = 0; i < 6; i++) session.run(at + i * 4, { shape: `select fresh_${'abcdef'[i] ?? ''}` });
    };
    expect(human(release(2, 'psql'))).toEqual([]);
    expect(human(release(14, 'nightly'))).toEqual([]);
    expect(human(release(14, 'psql'))).toEqual([['the client is psql', 'statements that this machine never ran before', 'at an hour of the day at which this machine never worked']]);
  });

  it('is nothing of an agent, which thinks and asks what nobody asked; but for windows and login shells', () => {
    const agent = (client: string) => (days: MachineDays) => void typed(days.visit('report', night, { client }), night);
    expect(human(agent('psql'), 'agent')).toEqual([]);
    expect(human(agent('pgAdmin 4 - DB:ledger'), 'agent')).toHaveLength(1);
    expect(human(agent('psql'), 'service')).toEqual([]);
  });

  it('is told once for a session', () => {
    expect(human((days) => void typed(days.visit('nightly', night, { client: 'DBeaver' }), night, 20))).toHaveLength(1);
  });
});

describe('one binding from two runtimes', () => {
  const shared = (tell: (days: MachineDays) => void) => of('shared_binding', seen(story(tell))).map(({ what, facts }) => [what.split(' ')[0], ...facts]);
  const two = (a: Visit, b: Visit, gap = 60_000) => (days: MachineDays) => {
    days.visit('nightly', night, a);
    days.visit('nightly', night + gap, b);
  };
  const pod = (uid: string) => ({ 'kubernetes\\.io.pod.uid': uid });

  it('is two networks at once where tokens name no run', () => {
    expect(shared(two({ source: '10.1.2.3' }, { source: '10.9.0.3' }))).toEqual([['binding', '10.1.2.0/24 and 10.9.0.0/24']]);
    expect(shared(two({ source: '10.1.2.3' }, { source: '10.1.2.77' }))).toEqual([]);
    expect(shared(two({ source: '2001:db8:1:2::3' }, { source: '2001:DB8:1:99::3' }))).toHaveLength(0);
    expect(shared(two({ source: '2001:db8:1:2::3' }, { source: '2001:db8:2:2::3' }))).toHaveLength(1);
    expect(shared(two({ source: '::ffff:10.1.2.3' }, { source: '10.1.2.9' }))).toEqual([]);
  });

  it('is one pod, one job or one token in two networks, and no run beside another', () => {
    expect(shared(two({ claims: pod('a') }, { claims: pod('a'), source: '10.9.0.3' }))).toEqual([['runtime', '10.1.2.0/24 and 10.9.0.0/24']]);
    expect(shared(two({ claims: pod('a') }, { claims: pod('b'), source: '10.9.0.3' }))).toEqual([]);
    // Jobs of one run of GitHub Actions are on several runners.
    expect(shared(two({ claims: { run_id: '7' }, tok: 'x' }, { claims: { run_id: '7' }, tok: 'y', source: '10.9.0.3' }))).toEqual([]);
    expect(shared(two({ claims: { run_id: '7' }, tok: 'x' }, { claims: { run_id: '7' }, tok: 'x', source: '10.9.0.3' }))).toEqual([['token', '10.1.2.0/24 and 10.9.0.0/24']]);
    expect(shared(two({ claims: { ticket: 't' } }, { claims: { ticket: 't' }, source: '10.9.0.3' }))).toHaveLength(1);
  });

  it('sees a session that stays open, however long, and none that ended', () => {
    expect(shared(two({}, { source: '10.9.0.3' }, 20 * 3_600_000))).toHaveLength(1);
    const moved = (gap: number) => (days: MachineDays) => {
      days.visit('nightly', night).close(night + 1000);
      days.visit('nightly', night + gap, { source: '10.9.0.3' });
    };
    expect(shared(moved(3_600_000))).toEqual([]);
    expect(shared(moved(60_000))).toHaveLength(1);
  });

  it('holds exchanges against sessions, other bindings against none, and what is withheld against none', () => {
    expect(shared((days) => {
      days.visit('nightly', night);
      days.login('nightly', night + 1000, { source: '10.9.0.3' });
    })).toHaveLength(1);
    expect(shared(two({}, { source: '10.9.0.3', binding: 'nightly/other' }))).toEqual([]);
    expect(shared(two({}, { source: '~' }))).toEqual([]);
  });

  it('knows a session whose login is told after its end, or never', () => {
    expect(shared((days) => {
      const first = days.open('nightly', night, {}, 'late');
      first.close(night + 100);
      days.login('nightly', night + 50, {}, 'late');
      days.visit('nightly', night + 3_600_000, { source: '10.9.0.3' });
      days.open('nightly', night, { source: '10.7.0.3' }, 'never');
    })).toEqual([]);
  });
});

describe('new behaviour', () => {
  const fresh = (tell: (days: MachineDays) => void) => of('new_behaviour', seen(story(tell))).map(({ what, item }) => `${what}: ${item}`);
  const then = (history: number, ...effects: string[]) => (days: MachineDays) => {
    days.nightly('nightly', night, history);
    const session = days.visit('nightly', later(history));
    for (const effect of effects) session.run(later(history), { effects: [effect] });
  };

  it('is a verb on an object that was never used, once there is a history', () => {
    expect(fresh(then(15, 'read ledger.customers', 'write ledger.books', 'define ledger.books', 'read ledger.customers'))).toEqual(['ledger-db: read ledger.customers', 'ledger-db: define ledger.books']);
    expect(fresh(then(13, 'read ledger.customers'))).toEqual([]);
  });

  it('is no partition, no file of another day, no transaction and nothing that was refused', () => {
    expect(fresh((days) => {
      days.nightly('nightly', night, 15, { effects: ['read ledger.entries_2026_10', 'write file:/srv/in/1.csv', 'read file:/x/0198c0de-0000-7000-8000-000000000001/y'] });
      const session = days.visit('nightly', later(15));
      for (const effect of ['read ledger.entries_2027_11', 'write file:/srv/in/99.txt', 'read file:/x/0198c0de-0000-7000-8000-00000000abcd/y', 'control session:begin', 'read session:constants']) session.run(later(15), { effects: [effect] });
      session.run(later(15), { effects: ['grant role:dba'], decision: 'deny' });
    })).toEqual([]);
  });

  it('is a target to which a machine with a history elsewhere never came', () => {
    expect(fresh((days) => {
      days.nightly('nightly', night, 15);
      days.visit('nightly', later(15), { target: 'payroll' });
      days.visit('nightly', later(15), { target: 'payroll' });
      days.visit('other', later(15), { target: 'payroll' });
    })).toEqual(['payroll: connect']);
  });

  it('is nothing of a machine that does something else all the time', () => {
    expect(fresh((days) => {
      days.nightly('nightly', night, 15);
      for (let i = 0; i < 2100; i++) days.open('nightly', night, {}, 'busy').run(night, { effects: [`read ledger.${String.fromCharCode(97 + (i % 26), 97 + (Math.floor(i / 26) % 26), 97 + Math.floor(i / 676))}`], ran: null });
      days.visit('nightly', later(15)).run(later(15), { effects: ['read ledger.customers'] });
    })).toEqual([]);
  });
});

describe('a page', () => {
  /** Anything that happens, in any order, by three machines. */
  const happening = fc.record({ what: fc.nat(9), machine: fc.constantFrom('a', 'b', 'c'), minute: fc.nat(60 * 24 * 40), which: fc.nat(5) });

  it('gives the same wherever it is split', () => {
    const history = story((days) => void days.nightly('a', night, 16));
    fc.assert(fc.property(fc.array(happening, { maxLength: 40 }), fc.array(fc.nat(40), { maxLength: 12 }), (all, cuts) => {
      const page = history.concat(story((days) => {
        const open = new Map<string, ReturnType<MachineDays['visit']>>();
        for (const { what, machine, minute, which } of all) {
          const at = night + minute * 60_000;
          const id = `${machine}${which}`;
          const session = open.get(id);
          if (what < 3) open.set(id, days.visit(machine, at, { source: `10.${which}.0.1`, client: ['psql', 'DBeaver', null, 'x'][which % 4] ?? null, target: `t${which % 2}`, ...(which === 3 ? { claims: { job_id: 'j' } } : {}) }));
          else if (what === 3) session?.close(at);
          else if (what === 4) session?.terminal(at);
          else if (what === 5) session?.run(at, { kind: 'shell', effects: ['shell program:login shell'] });
          else if (what === 6) days.replay(machine, at, `10.${which}.0.9`);
          else if (what === 7) days.login(machine, at, { source: `10.${which}.0.1` });
          else if (session !== undefined) typed(session, at, which + 3, { effects: [`read t.${which}${machine}`] });
        }
      }));
      const whole = seen(page);
      const memory = new Memory();
      const parts: Sighting[] = [];
      let rest = page;
      for (const cut of [...cuts, page.length]) {
        const [part, after] = [rest.slice(0, cut), rest.slice(cut)];
        // What a page does not say that it needs, the memory would not have.
        const needs = needsOf(part);
        for (const session of memory.sessions.keys()) if (part.some((told) => told.event.sid === session) && !needs.sessions.has(session)) throw new Error('a session is needed and not asked for');
        parts.push(...fold(memory, part, () => 'batch'));
        rest = after;
      }
      expect(parts).toEqual(whole);
    }), { numRuns: 100 });
  });

  it('takes whatever an event may hold', () => {
    const odd = [null, 7, '', 'x'.repeat(100_000), '\u0000\ud800', [], {}, [null, 7, {}], { ticket: 7, job_id: {} }];
    fc.assert(fc.property(fc.constantFrom('auth.ok', 'auth.replay', 'session.opened', 'session.closed', 'session.abandoned', 'command.decided', 'command.settled', 'recording.started', 'odd'), fc.array(fc.constantFrom(...odd), { minLength: 12, maxLength: 12 }), (type, v) => {
      const event = { type, id: v[11], sid: 's', t: { wall: v[0], mono_us: v[1] }, who: v[2] === null ? null : { id: typeof v[2] === 'string' ? `machine:${v[2]}` : v[2], tok: v[3] }, on: { target: v[4] }, d: { binding: v[5], claims: v[6], source: v[7], session: v[8], client: v[9], results: v[6], effects: v[10], shape: v[3], kind: 'terminal', decision: 'allow', command: v[7], first_source: v[8] } };
      const page = [toldBy({ leaf: 0, received: new Date(night).toISOString(), bytes: Buffer.from(JSON.stringify(event)).toString('base64'), openings: [] })].flatMap((told) => told ?? []);
      needsOf(page);
      for (const { what, say, facts } of seen([...page, ...page])) {
        expect(`${what}${say}${facts.join('')}`.length).toBeLessThan(2000);
        expect(`${what}${say}${facts.join('')}`).not.toMatch(/\0/);
      }
    }), { numRuns: 500 });
  });
});
