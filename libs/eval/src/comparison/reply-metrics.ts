import { valueFinder } from '@spillway/models/values';
import type { Pack } from '@spillway/pack/pack';
import { type CheckName, checkReply, type FailedCheck } from '../metrics/checklist.js';
import type { ReplyRow } from '../reply-rows.js';
import type { Table } from './cells.js';
import type { GradedAnswer } from './graded.js';
import { NOTHING, type StepMetrics } from './measured.js';

/** Rows shown with everything that their reply fails. */
const SHOWN_REPLIES = 10;

/** Replies, which are checked: no two right ones are alike. */
export function replyMetrics(pack: Pack, rows: readonly ReplyRow[]): StepMetrics {
  const find = valueFinder(pack.brand);
  const own = ownTexts(pack);
  const check = (reply: string, row: ReplyRow): readonly FailedCheck[] => {
    const { input, checklist } = row;
    const fields = input.extraction?.fields.map(({ value }) => value) ?? [];
    const given = input.draft === undefined ? own : [...own, input.draft.text];
    return checkReply(reply, checklist, { message: input, fields, macros: given }, find);
  };
  return {
    grade(completed, at) {
      const { result } = completed;
      const row = rows[at];
      if (row === undefined || (result?.case !== 'draft' && result?.case !== 'polish'))
        return { ...NOTHING, right: false };
      const reasons = check(result.value.text ?? '', row);
      return { ...NOTHING, reasons, right: reasons.length === 0 };
    },
    details: (answers) => [checkTable(answers), failedTable(answers, rows)],
  };
}

/** What the company says of itself: a reply may repeat all of it. */
const ownTexts = ({ macros, brand }: Pack): readonly string[] => [
  ...macros.map(({ text }) => text),
  brand.company,
  ...Object.values(brand.salutations).flatMap(({ greeting, closing }) => [greeting, closing]),
];

const checkNames: Readonly<Record<CheckName, string>> = {
  must_mention: 'mentions what it must',
  must_not_mention: 'leaves out what it must not say',
  language: 'is in the language that it should be in',
  length: 'is short enough',
  known_facts: 'says nothing that is not known',
};

const checkTable = (answers: readonly GradedAnswer[]): Table => ({
  title: 'By check',
  head: ['the reply', 'replies that fail'],
  rows: (Object.keys(checkNames) as CheckName[]).map((name) => [
    checkNames[name],
    String(answers.filter(({ reasons }) => reasons.some(({ check }) => check === name)).length),
  ]),
});

const failedTable = (answers: readonly GradedAnswer[], rows: readonly ReplyRow[]): Table => ({
  title: `Replies that fail, the first ${SHOWN_REPLIES}`,
  head: ['row', 'the reply'],
  rows: answers
    .flatMap(({ reasons, right }, at) =>
      right ? [] : [[rows[at]?.id ?? '', reasons.map(({ reason }) => reason).join('; ') || 'is not there']],
    )
    .slice(0, SHOWN_REPLIES),
});
