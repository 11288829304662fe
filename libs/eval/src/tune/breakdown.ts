import { clopperPearson, type Interval } from '@spillway/confidence/binomial';

/** An answer of the rows that certify, with how sure a worker would be of it. */
export interface JudgedRow {
  readonly label: string;
  readonly right: boolean;
  /** No label came: it counts as wrong. */
  readonly unlabelled?: true;
  /** Drawn for a person, who has not labelled it yet. */
  readonly open?: true;
  readonly receivedAt?: string;
  /** Absent: there is no confidence, so the answer is never kept. */
  readonly score?: number;
}

interface ClassFigures {
  readonly label: string;
  readonly rows: number;
  readonly kept: number;
  readonly errors: number;
  /** Of the share wrong among the kept, at 95 %, for this class alone: no promise. */
  readonly interval: Interval;
}

/** What the newest answers say, where the rows have dates. */
interface LaterCheck {
  readonly from: string;
  readonly kept: number;
  readonly errors: number;
  readonly interval: Interval;
}

export interface Breakdown {
  readonly classes: readonly ClassFigures[];
  readonly later?: LaterCheck;
}

const WEEK_MS = 7 * 86_400_000;

/** What a threshold keeps, by label and in the newest week: a description, of which nothing is promised. */
export function breakdown(rows: readonly JudgedRow[], threshold: number): Breakdown {
  const kept = rows.filter(({ score }) => score !== undefined && score >= threshold);
  const labels = [...new Set(rows.map(({ label }) => label))].sort();
  const classes = labels.map((label) => ({
    label,
    rows: rows.filter((row) => row.label === label).length,
    ...errorsOf(kept.filter((row) => row.label === label)),
  }));
  return { classes: classes.sort((one, other) => other.errors - one.errors), ...laterCheck(kept) };
}

function errorsOf(kept: readonly JudgedRow[]): { kept: number; errors: number; interval: Interval } {
  const errors = kept.filter(({ right }) => !right).length;
  const interval = kept.length === 0 ? { lower: 0, upper: 1 } : clopperPearson(errors, kept.length, 0.95);
  return { kept: kept.length, errors, interval };
}

/** What was kept in the newest week, where there is older traffic to compare with. */
function laterCheck(kept: readonly JudgedRow[]): Pick<Breakdown, 'later'> {
  const times = kept.flatMap(({ receivedAt }) => (receivedAt === undefined ? [] : [Date.parse(receivedAt)]));
  if (times.length === 0 || times.length < kept.length) return {};
  const [first, last] = [Math.min(...times), Math.max(...times)];
  if (last - first < 2 * WEEK_MS) return {};
  const from = last - WEEK_MS;
  const newest = kept.filter(({ receivedAt }) => Date.parse(receivedAt ?? '') > from);
  return { later: { from: new Date(from).toISOString().slice(0, 10), ...errorsOf(newest) } };
}
