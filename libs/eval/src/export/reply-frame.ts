import type { Pack } from '@spillway/pack/pack';
import { placeholdersOf } from '@spillway/pack/template';

/** What the house puts around a reply: greeting and closing. */
export interface ReplyFrame {
  /** The reply without them; as it is where it has others. */
  bodyOf(reply: string): string;
  /** The name that the reply greets; undefined where it greets none. */
  greeted(reply: string): string | undefined;
}

/** Characters of a name in a greeting. */
const MOST_OF_A_NAME = 80;

/** The frame of a pack's salutations, in any of its languages: replies are written in the customer's. */
export function replyFrame({ brand }: Pick<Pack, 'brand'>): ReplyFrame {
  const salutations = Object.values(brand.salutations);
  const greetings = salutations.map(
    ({ greeting }) => new RegExp(`^\\s*${shapeOf(greeting)}\\s*(?:\\n|$)`, 'u'),
  );
  const closings = salutations.map(({ closing }) => new RegExp(`(?:^|\\n)\\s*${shapeOf(closing)}\\s*$`, 'u'));
  const fallbacks = new Set(
    salutations.flatMap(({ greeting }) => placeholdersOf(greeting).map(({ fallback = '' }) => fallback)),
  );
  return {
    bodyOf(reply) {
      const greeting = greetings.find((shape) => shape.test(reply));
      const closing = closings.find((shape) => shape.test(reply));
      const body = greeting === undefined ? reply : reply.replace(greeting, '');
      const whole = closing === undefined ? body : body.replace(closing, '');
      return whole.trim() === '' ? reply : whole.trim();
    },
    greeted(reply) {
      for (const shape of greetings) {
        const name = shape.exec(reply)?.[1];
        if (name !== undefined && name !== '' && !fallbacks.has(name)) return name;
      }
      return undefined;
    },
  };
}

/** An expression for what a template can become; group 1 is its first gap. White space may be of any kind. */
function shapeOf(template: string): string {
  const text = template.trim();
  let shape = '';
  let from = 0;
  for (const { start, end } of placeholdersOf(text)) {
    shape += `${literal(text.slice(from, start))}([^\\n]{0,${MOST_OF_A_NAME}}?)`;
    from = end;
  }
  return shape + literal(text.slice(from));
}

const literal = (text: string): string =>
  text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replace(/\s+/g, '\\s+');
