import { Command } from 'commander';
import { stringify } from 'yaml';
import { kindNames } from '@sallyport/platform-config';
import { does } from '../context.ts';
import { Failure } from '../failure.ts';
import { visible } from '../output/visible.ts';
import { documents } from '../shapes.ts';

export const getCommand = (): Command =>
  does(
    new Command('get').description('print documents as YAML, as they could be applied again').argument('<kind>', kindNames.join(', ')).argument('[name]', 'of one document'),
    async ({ out, api }, [asked = '', name]) => {
      const kind = kindNames.find((one) => one.toLowerCase() === asked.toLowerCase() || `${one.toLowerCase()}s` === asked.toLowerCase());
      if (kind === undefined) throw new Failure('usage', `${asked} is no kind`, `one of ${kindNames.join(', ')}`);
      const found = await api().get(`/v1/resources/${kind}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`, documents);
      out.show(found, (value) => visible(value.documents.map((document) => stringify(document, { lineWidth: 100 })).join('---\n')).trimEnd());
    },
  );
