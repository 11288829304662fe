import { agreementOf, samplesToDraw } from '@spillway/confidence/agreement';
import { Fault } from '@spillway/contracts/fault';
import { ConfidenceSource } from '@spillway/contracts/model';
import { mayBeBilled } from './cost.js';
import type { Completion } from './language-model.js';
import type { StepAnswer } from './steps/answer.js';
import { scoredConfidence } from './steps/confidence.js';

/** Far enough from 0 that a model which is not sure says different things. */
export const SAMPLE_TEMPERATURE = 0.7;

export interface SampleOptions {
  /** How many are drawn at the most. */
  readonly samples: number;
  /** Asks for the nth sample, from 1. */
  readonly complete: (nth: number) => Promise<Completion>;
  /** Throws Fault for an answer that cannot be used. */
  readonly read: (completion: Completion) => StepAnswer;
}

export interface Samples {
  readonly completions: readonly Completion[];
  /** What most of them agree on, with how far they do; a fault where there is no answer. */
  readonly answer: StepAnswer | Fault;
  /** The fault of the calls that gave no completion. */
  readonly lost?: Fault;
}

/**
 * Asks for the same answer several times and takes what most samples say, until that cannot be overtaken. Samples that are
 * needed in any case are drawn at once. One that cannot be used votes for nothing; a call that gives no completion ends the
 * sampling, and there is no answer.
 */
export async function drawSamples({ samples, complete, read }: SampleOptions): Promise<Samples> {
  const completions: Completion[] = [];
  const readings: (StepAnswer | Fault)[] = [];
  for (;;) {
    const count = samplesToDraw(readings.map(voteOf), samples);
    if (count === 0) return { completions, answer: agreed(readings) };
    const first = completions.length + 1;
    const drawn = await Promise.allSettled(Array.from({ length: count }, (_, at) => complete(first + at)));
    const lost: Fault[] = [];
    for (const each of drawn) {
      if (each.status === 'rejected') lost.push(Fault.from(each.reason));
      else {
        completions.push(each.value);
        readings.push(readingOf(each.value, read));
      }
    }
    if (lost.length > 0) {
      const fault = completions.length === 0 ? together(lost) : afterPaid(together(lost));
      return { completions, answer: fault, lost: fault };
    }
  }
}

function readingOf(completion: Completion, read: SampleOptions['read']): StepAnswer | Fault {
  try {
    return read(completion);
  } catch (error) {
    return Fault.from(error);
  }
}

/** A budget that is full says that no call was made and the whole may be asked for later: not where some were paid for. */
const afterPaid = (fault: Fault): Fault =>
  fault.code === 'over_budget'
    ? new Fault('rejected', `not all samples could be drawn: ${fault.message}`, {
        cause: fault.cause ?? fault,
        attempts: fault.attempts,
      })
    : fault;

/** A full budget comes last: the others may be on the bill. */
const isOverBudget = ({ code }: Fault): number => Number(code === 'over_budget');

/** The first of them, with the attempts of all, and as its cause one that may be on the bill, where there is one. */
function together(lost: readonly Fault[]): Fault {
  const [first, ...others] = lost.toSorted((one, other) => isOverBudget(one) - isOverBudget(other)) as [
    Fault,
    ...Fault[],
  ];
  if (others.length === 0) return first;
  const { code, message } = first;
  return new Fault(code, message, {
    cause: others.find(mayBeBilled) ?? first.cause,
    attempts: lost.reduce((sum, { attempts }) => sum + attempts, 0),
    ...(first.retryAfterMs === undefined ? {} : { retryAfterMs: first.retryAfterMs }),
  });
}

/** What a sample is counted for: two with equal votes say the same. */
function voteOf(reading: StepAnswer | Fault): string | undefined {
  if (reading instanceof Fault) return undefined;
  const { result } = reading;
  switch (result.case) {
    case 'classification':
      return result.value.label ?? '';
    case 'sentiment':
      return String(result.value.mood);
    case 'extraction':
      return JSON.stringify(pairsOf(reading).toSorted());
    default:
      return JSON.stringify(result.value);
  }
}

const pairOf = ({ name, value }: { readonly name?: string; readonly value?: string }): string =>
  JSON.stringify([name, value]);

const pairsOf = ({ result }: StepAnswer): readonly string[] =>
  result.case === 'extraction' ? (result.value.fields ?? []).map(pairOf) : [];

function agreed(readings: readonly (StepAnswer | Fault)[]): StepAnswer | Fault {
  const votes = readings.map(voteOf);
  const agreement = agreementOf(votes);
  const answers = readings.filter((reading): reading is StepAnswer => !(reading instanceof Fault));
  const answer = readings[votes.indexOf(agreement.answer)];
  if (agreement.answer === undefined || answer === undefined || answer instanceof Fault) {
    return (
      readings.find((reading) => reading instanceof Fault) ?? new Fault('unknown', 'no sample was drawn')
    );
  }
  const features = { ...answer.confidence.features, ...agreement.features };
  const confidence = scoredConfidence({ ...agreement, features }, ConfidenceSource.AGREEMENT);
  const offSchema = readings.some((reading) => reading instanceof Fault && reading.code === 'malformed');
  return withOffSchema({ result: withShares(answer, answers, readings.length), confidence }, offSchema);
}

/** The answer with the feature `off_schema`: 1 where another one, asked for beside or before it, was off the schema. */
export const withOffSchema = (answer: StepAnswer, offSchema: boolean): StepAnswer => ({
  ...answer,
  confidence: {
    ...answer.confidence,
    features: { ...answer.confidence.features, off_schema: Number(offSchema) },
  },
});

/** The result with the share of the samples that found it in the place of each value's own confidence. */
function withShares(answer: StepAnswer, answers: readonly StepAnswer[], drawn: number): StepAnswer['result'] {
  const { result } = answer;
  if (result.case !== 'extraction') return result;
  const fields = (result.value.fields ?? []).map((field) => {
    const pair = pairOf(field);
    return { ...field, confidence: answers.filter((other) => pairsOf(other).includes(pair)).length / drawn };
  });
  return { case: 'extraction', value: { fields } };
}
