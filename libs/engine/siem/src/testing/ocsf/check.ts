import { isIP } from 'node:net';
import { classRules } from './classes.ts';
import { objects } from './objects.ts';
import type { Attribute, Thing } from './terms.ts';

/**
 * What is wrong with a record under the rules beside this file, one line for each fault; none is good. Strict: an attribute that the rules
 * do not name is a fault, so is one of a profile that `metadata.profiles` does not list, or of a later version than the record's.
 */
export function ocsfFaults(value: unknown): readonly string[] {
  if (!isRecord(value)) return ['not an object'];
  const rules = classRules[Number(value['class_uid'])];
  if (rules === undefined) return [`class ${String(value['class_uid'])} is not known`];
  const metadata = isRecord(value['metadata']) ? value['metadata'] : {};
  const context = { version: String(metadata['version']), profiles: Array.isArray(metadata['profiles']) ? metadata['profiles'] : [] };
  const activity = Number(value['activity_id']);
  const caption = rules.activities[activity];
  const name = value['activity_name'];
  return [
    ...faultsOf(value, rules, '', context),
    ...expectation('category_uid', value['category_uid'], rules.category),
    ...expectation('class_name', value['class_name'], rules.caption),
    ...expectation('type_uid', value['type_uid'], Number(value['class_uid']) * 100 + activity),
    ...(caption === undefined ? [`activity_id ${activity} is not one of the class`] : caption === '*' ? (typeof name === 'string' && name !== '' ? [] : ['activity_name is missing']) : expectation('activity_name', name, caption)),
    ...expectation('type_name', value['type_name'], `${rules.caption}: ${caption === '*' ? 'Other' : caption}`),
    ...(context.profiles.includes('record_integrity') && context.version !== '1.9.0' ? ['record_integrity came with 1.9.0'] : []),
  ];
}

interface Context {
  readonly version: string;
  readonly profiles: readonly unknown[];
}

function faultsOf(value: Readonly<Record<string, unknown>>, { attributes, oneOf }: Thing, path: string, context: Context): readonly string[] {
  const faults: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    const attribute = attributes[name];
    faults.push(...(attribute === undefined ? [`${path}${name} is not known`] : memberFaults(member, attribute, `${path}${name}`, value, context)));
  }
  for (const [name, { required }] of Object.entries(attributes)) if (required && !Object.hasOwn(value, name)) faults.push(`${path}${name} is missing`);
  if (oneOf.length > 0 && !oneOf.some((name) => Object.hasOwn(value, name))) faults.push(`${path} has none of ${oneOf.join(', ')}`);
  return faults;
}

function memberFaults(member: unknown, attribute: Attribute, path: string, around: Readonly<Record<string, unknown>>, context: Context): readonly string[] {
  const faults: string[] = [];
  if (attribute.profile !== null && !context.profiles.includes(attribute.profile)) faults.push(`${path} needs the profile ${attribute.profile}`);
  if (attribute.since !== null && context.version < attribute.since) faults.push(`${path} is not in ${context.version}`);
  if (attribute.many !== Array.isArray(member)) return [...faults, `${path} is ${attribute.many ? 'not ' : ''}a list`];
  const items: readonly unknown[] = Array.isArray(member) ? member : [member];
  for (const item of items) faults.push(...itemFaults(item, attribute, path, context));
  if (attribute.captions !== null && attribute.sibling !== null) {
    const caption = attribute.captions[Number(member)];
    const said = around[attribute.sibling];
    if (caption === undefined) faults.push(`${path} ${String(member)} is not one of its numbers`);
    else if (caption === '*' ? typeof said !== 'string' || said === '' : said !== undefined && said !== caption) faults.push(`${path} ${String(member)} is ${caption}, ${attribute.sibling} says ${String(said)}`);
  }
  return faults;
}

function itemFaults(item: unknown, { kind }: Attribute, path: string, context: Context): readonly string[] {
  if (typeof kind === 'object') {
    const rules = objects[kind.object];
    return rules === undefined || !isRecord(item) ? [`${path} is not an object`] : faultsOf(item, rules, `${path}.`, context);
  }
  const good = { text: typeof item === 'string', whole: Number.isSafeInteger(item), 'yes-no': typeof item === 'boolean', time: Number.isSafeInteger(item) && Number(item) > 1e12, address: typeof item === 'string' && isIP(item) !== 0, anything: isRecord(item) }[kind];
  return good ? [] : [`${path} is not ${kind}`];
}

function expectation(name: string, got: unknown, wanted: unknown): readonly string[] {
  return got === wanted ? [] : [`${name} is ${String(got)}, not ${String(wanted)}`];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
