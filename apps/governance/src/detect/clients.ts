/** A client's name as somebody would say it, and whether only people have it (`window`) or scripts, too (`prompt`). */
export interface PeoplesClient {
  readonly name: string;
  readonly use: 'window' | 'prompt';
}

/** By what they call themselves: PostgreSQL's `application_name`, the software in SSH's first line. A client may call itself anything: this finds who does not think of it, and is no boundary. */
const known: readonly (readonly [begins: RegExp, client: PeoplesClient])[] = [
  [/^dbeaver/i, { name: 'DBeaver', use: 'window' }],
  [/^(jetbrains )?datagrip|^intellij|^pycharm|^goland|^rider\b|^phpstorm|^webstorm/i, { name: 'DataGrip or another JetBrains window', use: 'window' }],
  [/^pgadmin/i, { name: 'pgAdmin', use: 'window' }],
  [/^azure ?data ?studio|^azdata|^pgsql for vs ?code|^vscode-|^visual studio code/i, { name: 'Azure Data Studio or Visual Studio Code', use: 'window' }],
  [/^microsoft sql server management studio|^ssms/i, { name: 'SQL Server Management Studio', use: 'window' }],
  [/^mysql ?workbench/i, { name: 'MySQL Workbench', use: 'window' }],
  [/^tableplus/i, { name: 'TablePlus', use: 'window' }],
  [/^postico/i, { name: 'Postico', use: 'window' }],
  [/^heidisql/i, { name: 'HeidiSQL', use: 'window' }],
  [/^navicat/i, { name: 'Navicat', use: 'window' }],
  [/^beekeeper/i, { name: 'Beekeeper Studio', use: 'window' }],
  [/^(sql ?workbench|dbvisualizer|squirrel|toad|razorsql|dbforge|valentina|sqltools|omnidb|antares)/i, { name: 'a window for databases', use: 'window' }],
  [/^(putty|kitty)/i, { name: 'PuTTY', use: 'window' }],
  [/^(mobaxterm|securecrt|termius|bitvise|tera ?term|xshell|royalts|remmina|zoc|absolutetelnet|reflection)/i, { name: 'a terminal window', use: 'window' }],
  [/^(winscp|filezilla|cyberduck|transmit|mountain duck)/i, { name: 'a window for files', use: 'window' }],
  [/^psql\b/i, { name: 'psql', use: 'prompt' }],
  [/^(pgcli|mycli|usql|litecli|mssql-cli)\b/i, { name: 'a prompt with completion', use: 'prompt' }],
  [/^(mysql|mariadb|sqlcmd)\b/i, { name: 'the prompt of a database', use: 'prompt' }],
];

/** What is looked at of a name. */
const longest = 64;

/** The client of that name. */
export const clientNamed = (name: string | null): PeoplesClient | null => known.find(([, client]) => client.name === name)?.[1] ?? null;

/** Null for a client that machines have; OpenSSH and every driver are theirs as well as people's. */
export function peoplesClient(client: string | null): PeoplesClient | null {
  const begins = (client ?? '').slice(0, longest).trimStart();
  return known.find(([pattern]) => pattern.test(begins))?.[1] ?? null;
}
