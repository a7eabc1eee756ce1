import { exam } from '@sallyport/testing-conformance';
import { missingSshd } from '@sallyport/testing-servers';
import { describe } from 'vitest';
import { sshSubject } from './testing/exam-subject.ts';

describe.skipIf(missingSshd !== null)('with a real sshd', () => exam('SSH', sshSubject()));
