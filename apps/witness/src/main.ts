import { readSettings, SettingsError } from './settings.ts';
import { startWitness } from './start.ts';
import type { Say } from './http.ts';

const say: Say = (level, msg, fields = {}) => void process.stdout.write(`${JSON.stringify({ level, time: new Date().toISOString(), service: 'witness', msg, ...fields })}\n`);

try {
  const witness = await startWitness(readSettings(process.env), say);
  say('info', 'ready', { port: witness.port, key: witness.verifierKey });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void witness.stop().then(() => process.exit(0)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'it could not start'}\n`);
  process.exit(error instanceof SettingsError ? 2 : 1);
}
