import { Module, StandardSchemaValidationPipe, type DynamicModule, type INestApplication } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import type { Bus } from '@sallyport/platform-bus';
import type { Log } from '@sallyport/platform-telemetry';
import { Audit } from './auth/audit.ts';
import { BootstrapToken } from './auth/bootstrap-token.ts';
import { AccessGuard } from './auth/guard.ts';
import { LoginPlaces } from './auth/login-places.ts';
import { People } from './auth/people.ts';
import { BusOf } from './bus-of.ts';
import type { ConsoleConfig } from './config.ts';
import { ApiError } from './errors/api-error.ts';
import { ErrorFilter } from './errors/error-filter.ts';
import { AboutController } from './handlers/about.controller.ts';
import { ApplyController } from './handlers/apply.controller.ts';
import { ApprovalsController } from './handlers/approvals.controller.ts';
import { CandidatesController } from './handlers/candidates.controller.ts';
import { ChangesController } from './handlers/changes.controller.ts';
import { DetectionsController } from './handlers/detections.controller.ts';
import { DirectoriesController } from './handlers/directories.controller.ts';
import { EntitlementsController } from './handlers/entitlements.controller.ts';
import { EvidenceController } from './handlers/evidence.controller.ts';
import { ExportsController } from './handlers/exports.controller.ts';
import { GovernanceController } from './handlers/governance.controller.ts';
import { MachinesController } from './handlers/machines.controller.ts';
import { ManifestsController } from './handlers/manifests.controller.ts';
import { LogController } from './handlers/log.controller.ts';
import { PeopleController } from './handlers/people.controller.ts';
import { RetentionController } from './handlers/retention.controller.ts';
import { PolicyController } from './handlers/policy.controller.ts';
import { ReviewsController } from './handlers/reviews.controller.ts';
import { SessionsController } from './handlers/sessions.controller.ts';
import { TokensController } from './handlers/tokens.controller.ts';
import { Gateways } from './model/gateways.ts';
import { tellLife } from './life.ts';
import { OpenApi } from './openapi.ts';

@Module({})
export class ConsoleModule {}

export const controllers = [GovernanceController, MachinesController, PeopleController, ReviewsController, DetectionsController, DirectoriesController, CandidatesController, AboutController, ApplyController, ChangesController, PolicyController, ApprovalsController, EntitlementsController, ManifestsController, SessionsController, EvidenceController, ExportsController, RetentionController, LogController, TokensController];

/** The whole API on a bus. It keeps nothing: what it shows is the services'. */
export async function consoleService({ config, bus, log }: { readonly config: ConsoleConfig; readonly bus: Bus; readonly log: Log }): Promise<{ module: DynamicModule; prepare(app: INestApplication): void; stop(): Promise<void> }> {
  const file = config.SALLYPORT_ADMIN_TOKEN_FILE;
  const openApi = new OpenApi();
  const pipe = new StandardSchemaValidationPipe({
    exceptionFactory: (issues) => new ApiError('invalid', issues.slice(0, 3).map(({ path, message }) => `${(path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.') || 'request'}: ${message}`).join('; ').slice(0, 1000)),
  });
  const people = new People(bus, file === undefined ? null : BootstrapToken.fromFile(file));
  const stopFollowing = await people.follow(bus);
  const stop = tellLife(bus, log);
  const gateways = new Gateways(bus);
  return {
    stop: () => {
      stopFollowing();
      gateways.stop();
      return stop();
    },
    prepare: (app) => openApi.describe(app),
    module: {
      module: ConsoleModule,
      controllers,
      providers: [
        { provide: BusOf, useValue: new BusOf(bus) },
        { provide: Audit, useValue: new Audit(bus, log) },
        { provide: People, useValue: people },
        { provide: LoginPlaces, useValue: new LoginPlaces(bus) },
        { provide: Gateways, useValue: gateways },
        { provide: OpenApi, useValue: openApi },
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_PIPE, useValue: pipe },
        { provide: APP_FILTER, useValue: new ErrorFilter(log) },
      ],
    },
  };
}
