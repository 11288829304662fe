import { counted } from '@spillway/confidence/counted';
import { tableLines } from './table.js';

/** The parts of `GET /v1/savings` that the bill shows. Money is in nano-dollars, null: unknown. */
export interface SavingsAnswer {
  readonly messages: number;
  readonly settled: number;
  readonly in_review: number;
  readonly failed: number;
  readonly escalated_messages: number;
  readonly escalation_rate: number | null;
  readonly estimated: boolean;
  readonly cost: MoneyAnswer;
  readonly baseline: MoneyAnswer;
  readonly saved_nanos: number | null;
  readonly projected: MoneyAnswer;
  readonly projected_saved_nanos: number | null;
  readonly steps: readonly StepAnswer[];
}

interface MoneyAnswer {
  readonly nanos: number | null;
  readonly known_nanos: number;
  readonly unpriced: number;
}

interface StepAnswer {
  readonly step: string;
  readonly calls: number;
  readonly kept_small: number;
  readonly messages: number;
  readonly cost: MoneyAnswer;
  readonly baseline: MoneyAnswer;
  readonly projected: MoneyAnswer;
  readonly saved_nanos: number | null;
  readonly projected_saved_nanos: number | null;
  readonly models: readonly { readonly embedded: boolean; readonly calls: number }[];
}

export interface BillNames {
  /** The models whose prices the projection uses. */
  readonly small: string;
  readonly big: string;
  /** ISO date of the newest price used. */
  readonly pricesFrom: string;
}

/**
 * Nano-dollars for people: cents and above in dollars and cents, less in six decimals.
 *
 * @example
 * dollars(12_345_678); // '$0.012346'
 */
export function dollars(nanos: number | null): string {
  if (nanos === null) return 'unknown';
  const sign = nanos < 0 ? '-' : '';
  const amount = Math.abs(nanos) / 1e9;
  return `${sign}$${amount >= 100 ? amount.toFixed(2) : amount >= 1 ? amount.toFixed(4) : amount.toFixed(6)}`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const saved = (from: number | null, less: number | null): string =>
  from === null || less === null ? 'unknown' : from === 0 ? '–' : percent((from - less) / from);

/**
 * The bill of some messages: per step the calls, the share kept small, what was spent, what the big model would have
 * cost for every step, and the difference. Where embedded models answered, which cost nothing, a second table says what
 * the same calls would have cost at the reference models' prices, and that this is a projection.
 */
export function billText(savings: SavingsAnswer, names: BillNames): string {
  const embedded = savings.steps.some(({ models }) =>
    models.some((model) => model.embedded && model.calls > 0),
  );
  const rate = savings.escalation_rate === null ? '–' : percent(savings.escalation_rate);
  return [
    `${counted(savings.messages, 'message')}: ${savings.settled} settled, ${savings.in_review} with a person, ${savings.failed} failed; a big model worked on ${rate} of them`,
    '',
    ...section('Spent', savings, 'cost', 'saved_nanos'),
    ...(embedded
      ? [
          '',
          ...section(
            `Projection, not a bill: the same calls at ${names.small} and ${names.big}`,
            savings,
            'projected',
            'projected_saved_nanos',
          ),
        ]
      : []),
    '',
    ...notes(savings, names, embedded),
    '',
  ].join('\n');
}

function section(
  title: string,
  savings: SavingsAnswer,
  money: 'cost' | 'projected',
  difference: 'saved_nanos' | 'projected_saved_nanos',
): string[] {
  const head = ['step', 'calls', 'kept small', 'cost', 'all-big', 'saved', ''];
  const rows = savings.steps.map((step) => [
    step.step,
    String(step.calls),
    step.messages === 0 ? '–' : percent(step.kept_small / step.messages),
    dollars(step[money].nanos),
    dollars(step.baseline.nanos),
    dollars(step[difference]),
    saved(step.baseline.nanos, step[money].nanos),
  ]);
  const calls = savings.steps.reduce((sum, step) => sum + step.calls, 0);
  const total = [
    'total',
    String(calls),
    '',
    dollars(savings[money].nanos),
    dollars(savings.baseline.nanos),
    dollars(savings[difference]),
    saved(savings.baseline.nanos, savings[money].nanos),
  ];
  return [title, ...tableLines([head, ...rows, total]).map((line) => `  ${line}`)];
}

function notes(savings: SavingsAnswer, names: BillNames, embedded: boolean): string[] {
  const lines = [
    `all-big: every step of the same messages on ${names.big}, at the pack's prices of ${names.pricesFrom}`,
  ];
  if (embedded) {
    lines.push('embedded models ran in this process and cost nothing; they are not language models');
  }
  if (savings.estimated) lines.push('token counts of embedded models are estimates');
  const unpriced = savings.cost.unpriced + savings.baseline.unpriced;
  if (unpriced > 0)
    lines.push(
      `${unpriced} ${unpriced === 1 ? 'part has' : 'parts have'} no known price: totals with ${unpriced === 1 ? 'it' : 'them'} are unknown, not zero`,
    );
  return lines.map((line) => `  · ${line}`);
}
