import type { KnownType } from '../known-type.ts';
import { access } from './access.ts';
import { approval } from './approval.ts';
import { authentication } from './authentication.ts';
import { change } from './change.ts';
import { command } from './command.ts';
import { ledger } from './ledger.ts';
import { masking } from './masking.ts';
import { recording } from './recording.ts';
import { retention } from './retention.ts';
import { service } from './service.ts';
import { session } from './session.ts';
import { sink } from './sink.ts';
import { tokens } from './tokens.ts';

/** All types that have words here, by name. What is not in it goes the generic way. */
export const knownTypes: ReadonlyMap<string, KnownType> = new Map<string, KnownType>(
  Object.entries({ ...authentication, ...tokens, ...session, ...command, ...masking, ...recording, ...approval, ...change, ...access, ...ledger, ...retention, ...sink, ...service }),
);
