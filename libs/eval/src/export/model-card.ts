import { counted } from '@spillway/confidence/counted';
import type { Format } from './formats.js';
import { leftOutReasons } from './left-out.js';
import { type Part, parts } from './split.js';
import { type ExportSummary, rowsIn } from './summary.js';
import type { Origin } from './trusted-answer.js';

/** What a card needs to know beside the figures. */
export interface CardFacts {
  readonly pack: string;
  /** Hash of the pack whose prompts the rows carry. */
  readonly packHash: string;
  readonly format: Format;
  /** ISO day of the export. */
  readonly day: string;
  readonly masked: boolean;
}

const origins: Readonly<Record<Origin, string>> = {
  labelled: 'a person labelled the message',
  edited: 'a person rewrote the held reply',
  approved: 'a person approved the held reply as it stood',
  escalated: 'the big model answered in the place of an unsure small one',
  polished: "the big model's last pass over a reply that was sent",
  audited: 'the big model answered beside the traffic; nobody acted on it',
};

/** The beginnings of a model card, in Markdown: what follows from the data, and what a person has to fill in. */
export const modelCard = (summary: ExportSummary, facts: CardFacts): string =>
  [
    `# Model card: ${facts.pack}, ${summary.step}`,
    `Data exported on ${facts.day}, format ${facts.format}. Base model, training settings and results: _fill in_.`,
    '## Data',
    data(summary, facts),
    table(['label', ...parts], labelRows(summary)),
    table(
      ['source', 'meaning', 'rows'],
      Object.entries(summary.bySource).map(([origin, rows]) => [
        origin,
        origins[origin as Origin],
        `${rows}`,
      ]),
    ),
    ...(summary.models.length === 0
      ? []
      : [
          table(
            ['big model', 'rows'],
            summary.models.map(({ model, embedded, rows }) => [
              embedded ? `${model} (embedded: no language model)` : model,
              `${rows}`,
            ]),
          ),
        ]),
    '## Split',
    'By conversation: the HMAC-SHA256 of its id decides, so that a conversation stays in its part when the data grows. Train on `train`, stop by `validation`, look at `test` once.',
    '## Masking',
    masking(summary, facts),
    '## Left out',
    leftOut(summary),
    '## Licence',
    "_Fill in: the licence of the base model, the right to use customers' messages for training, and whether the terms of the big model's vendor allow training on its answers._",
    '## What it must not be used for',
    uses(summary),
    '',
  ].join('\n\n');

const data = (summary: ExportSummary, { packHash, pack }: CardFacts): string =>
  `${counted(rowsIn(summary), 'row')} of messages received from ${summary.firstDay ?? '–'} to ${summary.lastDay ?? '–'}. Prompts and answers are those of pack ${pack}, ${packHash.slice(0, 12)}: a pack with other prompts, labels or fields needs a new export.`;

const labelRows = ({ byLabel }: ExportSummary): string[][] =>
  Object.entries(byLabel).map(([label, counts]: [string, Readonly<Record<Part, number>>]) => [
    label,
    ...parts.map((part) => `${counts[part]}`),
  ]);

function masking({ masked }: ExportSummary, facts: CardFacts): string {
  if (!facts.masked) return '**Not masked: this data holds personal data of customers.**';
  const kinds = Object.entries(masked).map(([kind, places]) => `${kind} ${places}`);
  return [
    `Placeholders such as \`[EMAIL_1]\`, the same for the same value within a row, in question and answer alike: ${kinds.join(', ') || 'none was needed'}.`,
    'Found by rules: e-mail addresses, names on social networks, telephone numbers, cards, IBANs, what the patterns of the pack find, other numbers of nine digits or more, the name of the sender where the channel gave it, names under a closing and where somebody gives their name (“my name is …”), and what any model or person read out of a message of the conversation for a pattern, an e-mail or a telephone field, wherever it stands in four letters or digits and more. Not found: other names inside of sentences, postal addresses, what only a reader would recognise. Days and sums stay. Read a sample before the data leaves the house.',
  ].join('\n\n');
}

const leftOut = ({ leftOut: reasons }: ExportSummary): string =>
  reasons.length === 0
    ? 'Nothing.'
    : table(
        ['reason', 'rows'],
        reasons.map(({ reason, rows }) => [leftOutReasons[reason], `${rows}`]),
      );

const uses = ({ step }: ExportSummary): string =>
  [
    "- Other companies' messages, and other steps than this one.",
    '- Answers without the router: a tuned model is a new one, and the certificate of the model before it does not hold. Run `spillway tune` on rows that are in no part of this export.',
    '- Judging the big model: its own answers are among the labels.',
    ...(step === 'extract'
      ? ['- Reading real values where the data was masked: it then teaches to copy placeholders.']
      : []),
    '- Decisions about people, such as credit, employment or insurance.',
  ].join('\n');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
