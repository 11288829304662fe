import { parentPort, workerData } from 'node:worker_threads';
import { Fault } from '@spillway/contracts/fault';
import { embeddedAnswers } from './embedded-models.js';
import type { Question, Reply, ThreadData } from './model-thread.js';
import { decodeTrained } from './train.js';

// The other end of `threadedModels`.

const { pack, trained } = workerData as ThreadData;
const answers = embeddedAnswers(pack, decodeTrained(trained));

function reply({ id, tier, step, input }: Question): Reply {
  try {
    return { id, answer: answers[tier][step](input) };
  } catch (error) {
    const { code, message } = Fault.from(error);
    return { id, code, message };
  }
}

/** Answers that travel together: the other side goes on with the first while the next are worked out. */
const CHUNK = 8;

parentPort?.on('message', (questions: readonly Question[]) => {
  for (let at = 0; at < questions.length; at += CHUNK) {
    parentPort?.postMessage(questions.slice(at, at + CHUNK).map(reply));
  }
});
