import { crossFit } from '@spillway/confidence/cross-fit';
import { logit } from '@spillway/confidence/log-odds';
import type { Features } from '@spillway/confidence/score';
import { distribution, trainLinear } from '@spillway/models/linear';

/** A multiple-choice question, and whether each model has it right. */
export interface Question {
  readonly domain: string;
  readonly prompt: string;
  readonly contaminated: boolean;
  readonly small_correct: boolean;
  readonly big_correct: boolean;
}

type Describe = (question: Question) => Features;

const share = (text: string, pattern: RegExp): number =>
  (text.match(pattern)?.length ?? 0) / (text.length + 1);
const has = (text: string, pattern: RegExp): number => (pattern.test(text) ? 1 : 0);

/** What a question looks like: long or short, of numbers or of words, asked for what is true or what is not. */
export function shapeOf({ prompt }: Question): Features {
  const [stem = '', ...choices] = prompt.replace(/\nAnswer:\s*$/, '').split(/\n[A-D]\. /);
  const answers = choices.join(' ');
  return {
    length: Math.log(stem.length + 1),
    answer_length: Math.log(answers.length + 1),
    answer_words: Math.log((answers.match(/\S+/g)?.length ?? 0) + 1),
    digits: share(stem, /\d/g),
    answer_digits: share(answers, /\d/g),
    capitals: share(stem, /[A-Z]/g),
    symbols: share(prompt, /[=+^\\$<>/*]/g),
    negated: has(stem, /\b(not|except|false|incorrect|least)\b/i),
    statements: has(stem, /Statement|\bI\.|\bII\b/),
    blank: has(stem, /___/),
    asks: has(stem, /\?/),
  };
}

/** A domain counts as so many more of its questions had the outcome of all domains. */
const PULL = 10;

/**
 * How often each model is right in a question's domain, by labelled questions: as log-odds, drawn to the mean of all. What
 * is asked of one of the labelled questions leaves out its own outcome.
 */
export function byDomain(labelled: readonly Question[]): Describe {
  const rate = (isRight: (question: Question) => boolean) => {
    const right = (some: readonly Question[]) => some.filter(isRight).length;
    const overall = right(labelled) / labelled.length;
    const known = new Set(labelled);
    const domains = new Map<string, { count: number; right: number }>();
    for (const [domain, some] of Map.groupBy(labelled, (question) => question.domain)) {
      domains.set(domain, { count: some.length, right: right(some) });
    }
    return (question: Question) => {
      const all = domains.get(question.domain) ?? { count: 0, right: 0 };
      const own = known.has(question) ? 1 : 0;
      const ownRight = own === 1 && isRight(question) ? 1 : 0;
      return logit((all.right - ownRight + PULL * overall) / (all.count - own + PULL));
    };
  };
  const small = rate((question) => question.small_correct);
  const big = rate((question) => question.big_correct);
  return (question) => ({ domain_small: small(question), domain_big: big(question) });
}

const OUTCOMES = ['both', 'neither', 'small', 'big'];

const outcomeOf = ({ small_correct: small, big_correct: big }: Question): string =>
  small === big ? (small ? 'both' : 'neither') : small ? 'small' : 'big';

const textOf = ({ domain, prompt }: Question): string => `${domain.replaceAll('_', ' ')}\n${prompt}`;

const FOLDS = 5;

/**
 * What embedded linear classifiers of who is right make of the n-grams of domain and question. There is one for each fifth
 * left out: a labelled question is answered by the one that has not seen it, any other by all of them together.
 */
export function byText(labelled: readonly Question[]): Describe {
  const models: ((question: Question) => readonly number[])[] = [];
  const unseen = crossFit(
    labelled.map((question) => OUTCOMES.indexOf(outcomeOf(question))),
    FOLDS,
    (learnFrom) => {
      const seen = new Set(Array.from(learnFrom, (at) => labelled[at] as Question));
      const model = classifier(
        [...seen],
        labelled.filter((question) => !seen.has(question)),
      );
      models.push(model);
      return (at) => model(labelled[at] as Question);
    },
  );
  const known = new Map(labelled.map((question, at) => [question, unseen[at] as readonly number[]]));
  const together = (question: Question) => {
    const all = models.map((model) => model(question));
    return OUTCOMES.map((_, at) => all.reduce((sum, one) => sum + (one[at] as number), 0) / all.length);
  };
  return (question) => {
    const [both = 0, , small = 0, big = 0] = known.get(question) ?? together(question);
    return { text_small: logit(both + small), text_big: logit(both + big), text_gain: big - small };
  };
}

/** Probabilities of the outcomes. The temperature is fitted to the questions left out: one number, of all of them. */
function classifier(learnFrom: readonly Question[], others: readonly Question[]) {
  const model = trainLinear(
    learnFrom.map(textOf),
    [{ name: 'who is right', labels: learnFrom.map(outcomeOf) }],
    { calibrateOn: { texts: others.map(textOf), labels: [others.map(outcomeOf)] } },
  );
  const probabilities = distribution(model);
  const names = model.classifiers[0]?.labels ?? [];
  const places = OUTCOMES.map((outcome) => names.indexOf(outcome));
  return (question: Question): readonly number[] => {
    const all = probabilities(textOf(question))[0];
    return places.map((place) => all?.[place] ?? 0);
  };
}
