import type { Message } from './case.js';
import type { Policy } from './policy.js';

/** Question marks of the scripts that customers write in; several in a row ask once. */
const QUESTION = /[?？؟;]+/g;

/** Greek asks with a semicolon, which ends clauses everywhere else. */
const asks = (mark: string, locale: string): boolean => !/^;+$/.test(mark) || locale.startsWith('el');

/** Number of questions in a text, by its question marks. */
function questionsIn(text: string, locale = ''): number {
  return (text.match(QUESTION) ?? []).filter((mark) => asks(mark, locale)).length;
}

/** Why a message needs the big model's last pass, for a person to read; empty when it does not. */
export function depthReasons(message: Message, depth: Policy['depth']): readonly string[] {
  const reasons: string[] = [];
  const characters = message.text.length;
  if (characters >= depth.minCharacters) {
    reasons.push(`${characters} characters, ${depth.minCharacters} or more need depth`);
  }
  const questions = questionsIn(message.text, message.locale);
  if (questions >= depth.minQuestions) {
    reasons.push(`${questions} questions, ${depth.minQuestions} or more need depth`);
  }
  if (message.attachmentCount >= depth.minAttachments) {
    reasons.push(`${message.attachmentCount} attachments, ${depth.minAttachments} or more need depth`);
  }
  return reasons;
}

/** Whether a customer reads the reply as it leaves: the message's own word, else its channel. */
export const facesCustomer = (message: Message, policy: Policy): boolean =>
  message.customerFacing ?? policy.customerFacing.channels.includes(message.channel);
