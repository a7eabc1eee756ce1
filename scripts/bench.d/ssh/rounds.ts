import { cpuSeconds, treeSeconds, watchForeign } from '../postgres/cpu.ts';
import type { Bed } from './bed.ts';
import { login, manyLogins } from './clients.ts';
import type { PathName } from './hosts.ts';

export const paths: readonly PathName[] = ['direct', 'jump', 'gateway'];
export const ciphers = { aes128: 'aes128-gcm@openssh.com', chacha20: 'chacha20-poly1305@openssh.com' } as const;
type CipherName = keyof typeof ciphers;

/** One thing that is measured on all paths. */
export interface Cell {
  readonly name: string;
  readonly unit: 'MB' | 'login';
  /** The goal for the gateway's ratio to direct. */
  readonly goal: number;
  run(bed: Bed, path: PathName): Promise<Work>;
}

export interface Work {
  readonly count: number;
  readonly perSecond: number;
  /** CPU seconds of the gateway's process, or of the jump host's; null for direct. */
  readonly cpu: number | null;
  /** Commands that the ledger must have when it went through the gateway. */
  readonly commands: number;
}

export interface Run extends Work {
  readonly cell: string;
  readonly path: PathName;
  readonly round: number;
  /** Share of the machine's cores that others used meanwhile. */
  readonly foreign: number;
  readonly recorded: number | null;
}

export interface Plan {
  readonly rounds: number;
  /** MB (of 2^20 bytes) of each bulk run. */
  readonly megabytes: number;
  readonly seconds: number;
  readonly clients: number;
}

export function cellsOf({ megabytes, seconds, clients }: Plan): Cell[] {
  const bulk = (name: string, cipher: CipherName, work: (bed: Bed) => { exec: string } | { sftp: string }): Cell => ({
    name: `${name}, ${cipher}`, unit: 'MB', goal: cipher === 'aes128' ? 0.6 : 0.75,
    run: async (bed, path) => {
      await using client = await login(bed.hosts, path, ciphers[cipher]);
      const before = used(bed, path);
      const what = work(bed);
      const took = 'exec' in what ? await client.exec(what.exec) : await client.sftp(what.sftp);
      return { count: megabytes, perSecond: megabytes / took, cpu: since(before, used(bed, path)), commands: 1 };
    },
  });
  const all = (['aes128', 'chacha20'] as const).flatMap((cipher) => [
    bulk('exec, a log', cipher, ({ text }) => ({ exec: `cat ${text}` })),
    bulk('exec, noise', cipher, ({ binary }) => ({ exec: `cat ${binary}` })),
    bulk('sftp get', cipher, ({ binary }) => ({ sftp: `get ${binary} /dev/null` })),
    bulk('sftp put', cipher, ({ local, sink }) => ({ sftp: `put ${local} ${sink}` })),
  ]);
  return [...all, {
    name: 'logins', unit: 'login', goal: 0.8,
    run: async (bed, path) => {
      const before = used(bed, path);
      const { count, perSecond } = await manyLogins(bed.hosts, path, { clients, seconds });
      return { count, perSecond, cpu: since(before, used(bed, path)), commands: count };
    },
  }];
}

/** A B C, A B C, …: what disturbs the machine for a while disturbs all paths alike. */
export async function inRounds(cell: Cell, bed: Bed, rounds: number, say: (line: string) => void): Promise<Run[]> {
  const runs: Run[] = [];
  for (let round = 1; round <= rounds; round++) {
    say(`${cell.name}, round ${round} of ${rounds}`);
    for (const path of paths) {
      const run = await once(cell, bed, path, round);
      say(`${path}: ${run.perSecond.toFixed(1)} ${cell.unit}/s`);
      runs.push(run);
    }
  }
  return runs;
}

async function once(cell: Cell, bed: Bed, path: PathName, round: number): Promise<Run> {
  const through = path === 'gateway';
  if (through) await bed.hosts.certify();
  const place = through ? await bed.ledger.place() : 0;
  const foreign = watchForeign();
  const work = await cell.run(bed, path);
  const others = foreign();
  if (through) await bed.ledger.settled();
  return { ...work, cell: cell.name, path, round, foreign: others, recorded: through ? await recorded(bed, place) : null };
}

/** Allowed commands that move or run something, after this place of the ledger. */
async function recorded({ stack }: Bed, after: number): Promise<number> {
  const [row] = await stack.postgres.sql(
    `select count(*)::int as events from evidence.event_idx i join evidence.ledger l using (at) join evidence.event_body b on b.id = l.event_id and b.sha256 = l.sha256
     where i.at > ${after} and i.type = 'command.decided' and convert_from(b.body, 'UTF8') ~ '"kind":"(exec|sftp open)"' and position('"decision":"allow"' in convert_from(b.body, 'UTF8')) > 0`,
    'sallyport',
  );
  return Number(row?.['events']);
}

function used({ stack, jump }: Bed, path: PathName): number | null {
  switch (path) {
    case 'direct':
      return null;
    case 'jump':
      return treeSeconds(jump.pid);
    case 'gateway':
      return cpuSeconds([stack.services.gateway.pid ?? 0]);
  }
}

const since = (before: number | null, after: number | null) => (before === null || after === null ? null : after - before);
