import { Fault, type Problem } from '@spillway/contracts/fault';

/** The options of `spillway replay`, as they are written. */
export interface ReplayOptions {
  readonly topic?: string;
  readonly group?: string;
  /** Each `field=value`. */
  readonly filter: readonly string[];
  readonly dryRun: boolean;
  readonly rate?: string;
  readonly limit?: string;
  readonly force: boolean;
  readonly json: boolean;
  readonly url?: string;
}

const TEXT_FIELDS = ['code', 'message_id', 'conversation_id', 'event_id'];
/** How long ago a dead letter was parked. */
const AGE_FIELDS = ['min_age', 'max_age'];

export const filterFields: readonly string[] = [...TEXT_FIELDS, ...AGE_FIELDS];

const UNITS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** The body of `POST /v1/replays` for these options. Throws `rejected` with everything that is wrong with them. */
export function requestOf(options: ReplayOptions): Readonly<Record<string, unknown>> {
  const problems: Problem[] = [];
  const { topic, group, filter, dryRun, rate, limit, force } = options;
  const request: Readonly<Record<string, unknown>> = {
    ...(topic === undefined ? {} : { topic }),
    ...(group === undefined ? {} : { group }),
    ...Object.fromEntries(filter.flatMap((text) => filterEntry(text, problems))),
    ...(dryRun ? { dry_run: true } : {}),
    ...(rate === undefined ? {} : { rate: numberOf('--rate', rate, problems) }),
    ...(limit === undefined ? {} : { limit: numberOf('--limit', limit, problems) }),
    ...(force ? { force: true } : {}),
  };
  const ages = filter.filter((text) => AGE_FIELDS.some((field) => text.startsWith(`${field}=`)));
  if (Number(request['min_age_s']) > Number(request['max_age_s'])) {
    const message = 'nothing is older than min_age and younger than max_age: make min_age the shorter time';
    problems.push(...ages.map((text) => ({ where: `--filter ${text}`, message })));
  }
  if (problems.length > 0) throw new Fault('rejected', 'these options are not usable', { problems });
  return request;
}

function filterEntry(text: string, problems: Problem[]): readonly (readonly [string, unknown])[] {
  const where = `--filter ${text}`;
  const at = text.indexOf('=');
  const [field, value] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
  if (at < 1 || value === '') {
    problems.push({ where, message: 'must be field=value' });
  } else if (TEXT_FIELDS.includes(field)) {
    return [[field, value]];
  } else if (AGE_FIELDS.includes(field)) {
    const seconds = secondsOf(value);
    if (seconds !== undefined) return [[`${field}_s`, seconds]];
    problems.push({ where, message: 'must be a time such as 90s, 10m, 2h or 7d' });
  } else {
    problems.push({ where, message: `there is no such field; there are ${filterFields.join(', ')}` });
  }
  return [];
}

function secondsOf(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * UNITS[unit as keyof typeof UNITS];
}

function numberOf(where: string, text: string, problems: Problem[]): number | undefined {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(number)) return number;
  problems.push({ where, message: 'must be a number' });
  return undefined;
}
