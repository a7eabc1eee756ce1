import type { KnownType } from '../known-type.ts';
import { access } from './access.ts';
import { approval } from './approval.ts';
import { authentication } from './authentication.ts';
import { change } from './change.ts';
import { command } from './command.ts';
import { control } from './control.ts';
import { detection } from './detection.ts';
import { entitlement } from './entitlement.ts';
import { ledger } from './ledger.ts';
import { masking } from './masking.ts';
import { nhi } from './nhi.ts';
import { people } from './people.ts';
import { recording } from './recording.ts';
import { retention } from './retention.ts';
import { review } from './review.ts';
import { service } from './service.ts';
import { session } from './session.ts';
import { sink } from './sink.ts';
import { tokens } from './tokens.ts';

/** All types that have words here, by name. What is not in it goes the generic way. */
export const knownTypes: ReadonlyMap<string, KnownType> = new Map<string, KnownType>(
  Object.entries({ ...authentication, ...tokens, ...session, ...command, ...masking, ...recording, ...approval, ...change, ...control, ...nhi, ...people, ...entitlement, ...review, ...detection, ...access, ...ledger, ...retention, ...sink, ...service }),
);
