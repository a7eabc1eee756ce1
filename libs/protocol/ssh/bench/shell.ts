import { CommandReader, understand } from '../src/shell/index.ts';
import { bypasses } from '../src/shell/testing/bypasses.ts';
import { harmless } from '../src/shell/testing/harmless.ts';

/** What understanding one command costs: `node --conditions=@sallyport/source libs/protocol/ssh/bench/shell.ts`. */
const settings = { shell: 'bash', home: '/home/app', maxBytes: 64 * 1024 } as const;

function measure(what: string, rounds: number, run: (i: number) => void): void {
  for (let i = 0; i < rounds / 5; i++) run(i);
  const start = process.cpuUsage();
  for (let i = 0; i < rounds; i++) run(i);
  const { user, system } = process.cpuUsage(start);
  const micros = (user + system) / rounds;
  process.stdout.write(`${what.padEnd(52)} ${micros.toFixed(micros < 10 ? 2 : 1).padStart(9)} µs\n`);
}

const ansible = `/bin/sh -c '( umask 77 && mkdir -p "\` echo /tmp/a \`"&& mkdir "\` echo /tmp/a/t-1 \`" && echo t-1="\` echo /tmp/a/t-1 \`" ) && sleep 0'`;
const script = Array.from({ length: 100 }, (_, i) => `if [ -f /srv/data/${i} ]; then cat /srv/data/${i} | sort > /srv/data/out-${i}; fi`).join('\n');

process.stdout.write('miss: a text that was not seen before\n');
measure('ls -la /srv/data', 50_000, () => void understand('ls -la /srv/data', settings));
measure("grep -rn 'a.*b' /var/log | sort | uniq -c > /srv/x", 20_000, () => void understand("grep -rn 'a.*b' /var/log | sort | uniq -c > /srv/x", settings));
measure("sudo -u app sh -c 'cd /srv && tar xzf a.tgz'", 20_000, () => void understand("sudo -u app sh -c 'cd /srv && tar xzf a.tgz'", settings));
measure('what Ansible sends to make a directory', 10_000, () => void understand(ansible, settings));
measure(`${harmless.length} harmless commands, mean`, harmless.length * 50, (i) => void understand(harmless[i % harmless.length] ?? '', settings));
measure(`${bypasses.length} bypasses, mean`, bypasses.length * 10, (i) => void understand(bypasses[i % bypasses.length]?.text ?? '', settings));
measure(`a script of ${Math.round(script.length / 1024)} KiB, 400 commands`, 100, () => void understand(script, settings));
process.stdout.write('hit: a text that was\n');
const reader = new CommandReader(settings);
measure('ls -la /srv/data', 2_000_000, () => void reader.read('ls -la /srv/data'));
measure(`${harmless.length} commands in turn`, 1_000_000, (i) => void reader.read(harmless[i % harmless.length] ?? ''));
