import { Command, Option } from 'commander';
import { accessCommand, breakGlassCommand } from './commands/access.ts';
import { applyCommand } from './commands/apply.ts';
import { approvalsCommand } from './commands/approvals.ts';
import { candidatesCommand } from './commands/candidates.ts';
import { changesCommand } from './commands/changes.ts';
import { demoCommand } from './commands/demo.ts';
import { detectionsCommand } from './commands/detections.ts';
import { directoriesCommand } from './commands/directories.ts';
import { doctorCommand } from './commands/doctor.ts';
import { entitlementsCommand } from './commands/entitlements.ts';
import { evidenceCommand } from './commands/evidence.ts';
import { getCommand } from './commands/get.ts';
import { logCommand } from './commands/log.ts';
import { loginCommand, logoutCommand, whoamiCommand } from './commands/login.ts';
import { manifestCommand } from './commands/manifest.ts';
import { machinesCommand } from './commands/machines.ts';
import { peopleCommand } from './commands/people.ts';
import { policyCommand } from './commands/policy.ts';
import { reviewsCommand } from './commands/reviews.ts';
import { sessionsCommand } from './commands/sessions.ts';
import { signalsCommand } from './commands/signals.ts';
import { sshCommand } from './commands/ssh.ts';
import { tokenCommand } from './commands/token.ts';
import { version } from './version.ts';

/** All commands. Usage errors are thrown, not exits of their own, so that main.ts is the only place that sets the exit code. */
export function program(): Command {
  const root = new Command('sallyport')
    .description('Operate a Sallyport: apply configuration, answer approvals, look at sessions, verify evidence.')
    .version(version)
    .addOption(new Option('-o, --output <form>', 'how to print').choices(['text', 'json']).default('text'))
    .addHelpText('after', environment)
    .addCommand(loginCommand())
    .addCommand(logoutCommand())
    .addCommand(whoamiCommand())
    .addCommand(applyCommand())
    .addCommand(getCommand())
    .addCommand(changesCommand())
    .addCommand(sessionsCommand())
    .addCommand(approvalsCommand())
    .addCommand(machinesCommand())
    .addCommand(candidatesCommand())
    .addCommand(manifestCommand())
    .addCommand(entitlementsCommand())
    .addCommand(accessCommand())
    .addCommand(breakGlassCommand())
    .addCommand(reviewsCommand())
    .addCommand(directoriesCommand())
    .addCommand(signalsCommand())
    .addCommand(peopleCommand())
    .addCommand(detectionsCommand())
    .addCommand(evidenceCommand())
    .addCommand(logCommand())
    .addCommand(policyCommand())
    .addCommand(tokenCommand())
    .addCommand(sshCommand())
    .addCommand(demoCommand())
    .addCommand(doctorCommand());
  settle(root);
  return root;
}

function settle(command: Command): void {
  command.exitOverride().showHelpAfterError('(--help shows how)').configureHelp({ helpWidth: 100 });
  for (const one of command.commands) settle(one);
}

const environment = `
Environment:
  SALLYPORT_API          address of the console's API
  SALLYPORT_TOKEN        a token of yours (OIDC); goes before the login that \`sallyport login\` keeps
  SALLYPORT_ADMIN_TOKEN  the bootstrap administrator's, used when there is neither; for setup only
  SALLYPORT_TOKEN_URL    where machines' tokens are exchanged
  SALLYPORT_CA           PEM file of the authority that signed the API's certificate
  SALLYPORT_CONFIG       directory of logins.json; default $XDG_CONFIG_HOME/sallyport
  SALLYPORT_LOGIN_…      ISSUER, CLIENT_ID, SCOPE, AUDIENCE, RESOURCE, CA: as the options of \`sallyport login\`

Exit codes:
  0 ok · 1 failed · 2 usage or invalid input · 10 denied · 11 approval pending · 12 approval rejected or expired
  20 evidence tampered with · 21 evidence incomplete · 22 untrusted key`;
