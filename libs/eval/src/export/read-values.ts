import type { MessageView } from '@spillway/store/ledger';
import type { ReadValue } from './mask.js';

/**
 * What was read out of the messages of each conversation, whoever read it: the small model, the big one or a person. A number
 * that a customer wrote in one message stands bare in the next.
 */
export function readValues() {
  const byConversation = new Map<string, Map<string, ReadValue>>();
  return {
    add({ conversationId, text, steps }: Pick<MessageView, 'conversationId' | 'text' | 'steps'>): void {
      for (const { value: result } of steps) {
        if (result?.kind !== 'extraction') continue;
        for (const { name, value, start, end } of result.fields) {
          const written = text.slice(start, end) || value;
          const known = byConversation.get(conversationId) ?? new Map<string, ReadValue>();
          byConversation.set(
            conversationId,
            known.set(JSON.stringify([name, value, written]), { name, value, written }),
          );
        }
      }
    },
    of: (conversationId: string): readonly ReadValue[] => [
      ...(byConversation.get(conversationId)?.values() ?? []),
    ],
  };
}
