import { exam } from '@sallyport/testing-conformance';
import { postgresSubject } from './testing/exam-subject.ts';

exam('PostgreSQL 18', postgresSubject('embedded'));
exam('PostgreSQL 15', postgresSubject('debian15'));
