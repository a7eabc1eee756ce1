import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release } from 'node:os';
import { parseArgs } from 'node:util';
import { missingCrypto } from '@sallyport/protocol-ssh';
import { missingSshd } from '@sallyport/testing-servers';
import { makeBed } from './ssh/bed.ts';
import { cellsOf, ciphers, inRounds, paths, type Run } from './ssh/rounds.ts';
import { login } from './ssh/clients.ts';
import { summarise, table } from './ssh/table.ts';

// The same account of the same sshd directly, through OpenSSH's jump host, and through the gateway with everything on.
const { values: asked } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    megabytes: { type: 'string' },
    only: { type: 'string' },
    gateway: { type: 'string', multiple: true, default: [] },
  },
});
const missing = missingSshd ?? missingCrypto;
if (missing !== null) {
  process.stderr.write(`${missing}\n`);
  process.exit(1);
}
const size = asked.quick ? { rounds: 2, megabytes: 128, seconds: 4, clients: 4 } : { rounds: 5, megabytes: 512, seconds: 10, clients: 4 };
const plan = { ...size, ...(asked.rounds ? { rounds: Number(asked.rounds) } : {}), ...(asked.megabytes ? { megabytes: Number(asked.megabytes) } : {}) };
const wanted = asked.only?.split(';') ?? null;
const say = (line: string) => void process.stderr.write(`  ${line} …\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const load = loadavg();
await using bed = await makeBed({ megabytes: plan.megabytes, env: { gateway: Object.fromEntries(asked.gateway.map((pair) => pair.split(/=(.*)/s).slice(0, 2))) }, say });
const cells = cellsOf(plan).filter(({ name }) => wanted === null || wanted.some((part) => name.includes(part)));
say('warming up');
await bed.hosts.certify();
for (const path of paths) {
  for (const cipher of Object.values(ciphers)) {
    await using client = await login(bed.hosts, path, cipher);
    await client.exec(`cat ${bed.text}`);
    await client.sftp(`get ${bed.binary} /dev/null`);
  }
}
await bed.ledger.settled();
const runs: Run[] = [];
for (const cell of cells) runs.push(...(await inRounds(cell, bed, plan.rounds, say)));
const lines = summarise(cells, runs);
const evidence = runs.reduce((sum, { path, commands, recorded }) => (path === 'gateway' ? { sent: sum.sent + commands, recorded: sum.recorded + (recorded ?? 0) } : sum), { sent: 0, recorded: 0 });
const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? '', kernel: release(), node: process.version, openssh: execFileSync('sh', ['-c', 'ssh -V 2>&1'], { encoding: 'utf8' }).trim(), load: { before: load, after: loadavg() } };
if (asked.json) process.stdout.write(`${JSON.stringify({ machine, plan, lines, evidence, runs }, null, 2)}\n`);
else {
  const text = (values: readonly number[]) => values.map((value) => value.toFixed(1)).join(' ');
  process.stdout.write(`\n${plan.rounds} rounds of ${plan.megabytes} MB and of ${plan.seconds} s of logins (${plan.clients} at once), interleaved; everything on ${cpus().length} cores\n`);
  process.stdout.write(`load average before ${text(load)}, after ${text(loadavg())}\n\n${table(lines)}\n\ncommands sent through the gateway: ${evidence.sent}; in the ledger: ${evidence.recorded}\n`);
}
if (evidence.sent !== evidence.recorded) {
  process.stderr.write('the ledger has not what was sent\n');
  process.exitCode = 1;
}
