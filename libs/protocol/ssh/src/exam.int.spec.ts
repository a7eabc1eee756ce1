import { exam } from '@sallyport/testing-conformance';
import { missingSshd } from '@sallyport/testing-servers';
import { describe, it } from 'vitest';
import { sshSubject } from './testing/exam-subject.ts';

if (missingSshd === null) exam('SSH', sshSubject());
else describe.skip('the conformance exam, sat by SSH', () => it(missingSshd, () => undefined));
