import { Catch, type ExceptionFilter } from '@nestjs/common';
import { Fault } from '@spillway/contracts/fault';

/**
 * Gives the transport the error that the handler threw. Without it Nest hands on a bare `{ status, message }`, and
 * what is to be retried can no longer be told from what is to be parked.
 */
@Catch()
export class FaultFilter implements ExceptionFilter {
  catch(error: unknown): never {
    throw Fault.from(error);
  }
}
