import { INBOX, read } from './files.js';
import { readLines } from './lines.js';
import { packFault } from './problems.js';
import { inboxLine } from './schemas.js';

/** A message of the sample inbox. Texts that the line leaves out are empty. */
export interface InboxMessage {
  readonly id: string;
  readonly channel: string;
  readonly conversationId: string;
  readonly customer: string;
  readonly subject: string;
  readonly text: string;
  readonly locale: string;
  /** ISO 8601. */
  readonly receivedAt: string;
  readonly attachmentCount: number;
}

/** The pack's sample messages, in the order of the file. Throws Fault `misconfigured` when there are none or one has a problem. */
export async function loadInbox(directory: string): Promise<readonly InboxMessage[]> {
  const content = await read(directory, INBOX);
  if (!(content instanceof Uint8Array)) throw packFault(directory, [content], [INBOX]);
  const { lines, problems } = readLines(INBOX, new TextDecoder().decode(content), inboxLine);
  if (problems.length > 0) throw packFault(directory, problems, [INBOX]);
  return lines.map(({ value }) => ({
    id: value.id,
    channel: value.channel,
    conversationId: value.conversation_id,
    customer: value.customer,
    subject: value.subject,
    text: value.text,
    locale: value.locale,
    receivedAt: value.received_at,
    attachmentCount: value.attachment_count,
  }));
}
