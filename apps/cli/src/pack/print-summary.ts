import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SummaryDocument } from '@sallyport/engine-examiner';
import printer from 'pdfmake';

/** The only files that the printer may read. Roboto comes with it (Apache-2.0). */
const fonts = join(dirname(fileURLToPath(import.meta.resolve('pdfmake'))), '../fonts/Roboto');
const font = (name: string): string => join(fonts, `Roboto-${name}.ttf`);

/**
 * Prints the summary as PDF. The same document gives the same bytes: the date is in the document, and the file's ID is made from it.
 * Whatever stands in the document, nothing is fetched, and no file is read but the fonts.
 */
export function printSummary({ definition, layouts }: SummaryDocument): Promise<Uint8Array> {
  printer.setUrlAccessPolicy(() => false);
  printer.setLocalAccessPolicy((path) => path.startsWith(fonts));
  printer.setFonts({ Roboto: { normal: font('Regular'), bold: font('Medium'), italics: font('Italic'), bolditalics: font('MediumItalic') } });
  printer.setTableLayouts(layouts);
  return printer.createPdf({ ...definition }).getBuffer();
}
