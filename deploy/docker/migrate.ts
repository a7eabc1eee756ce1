import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { bootstrapSql } from '@sallyport/platform-store';
import { openHome } from '../../scripts/stack/home.ts';

// Second job of docker-compose.yml: roles and schemas as the database's superuser, migrations as their owner, streams as the bus's bootstrap user.
const home = openHome(process.env['SALLYPORT_SETUP_HOME'] ?? '/secrets/setup');
const client = new pg.Client({ host: 'postgres', user: 'postgres', password: readFileSync('/secrets/postgres/password', 'utf8'), database: 'sallyport' });
await client.connect();
await client.query(bootstrapSql({ passwords: home.secrets.database, ownerPassword: home.secrets.owner, database: 'sallyport' }));
await client.end();
for (const service of ['evidence', 'identity', 'masking', 'policy', 'approvals', 'governance', 'sinks', 'console']) {
  const script = `/app/apps/${service}/dist/migrate.js`;
  if (existsSync(script)) execFileSync(process.execPath, [script], { stdio: 'inherit' });
}
execFileSync(process.execPath, ['/app/libs/platform/bus/dist/bootstrap.js'], { stdio: 'inherit' });
process.stdout.write('migrate: database and bus are ready\n');
